// How fast the map is: frames a second while it moves, and milliseconds from a frame's arrival to its paint.

const TELL_EVERY_MS = 1_000
/** A longer pause between two frames is rest, not slowness. */
const REST_MS = 400
/** While the camera moves, frames are wanted all the time: a longer pause is slowness up to here. */
const SLOWEST_MS = 3_000

export class Meter {
  private last = 0
  private moved = false
  private mean = 16
  private frames: number[] = []
  private paint: number | null = null
  private timer = 0

  constructor(private readonly tell: () => void) {}

  /** A frame was drawn; `moving` while the camera moves. */
  frame(moving: boolean): void {
    const now = performance.now()
    const gap = now - this.last
    this.last = now
    if (gap < (moving && this.moved ? SLOWEST_MS : REST_MS)) {
      this.mean += (gap - this.mean) * 0.12
      this.frames.push(gap)
      if (this.frames.length > 30) this.frames.shift()
    }
    this.moved = moving
    this.soon()
  }

  painted(ms: number): void {
    this.paint = ms
    this.soon()
  }

  /** Usual time of a frame while frames follow each other, ms. */
  frameMs(): number {
    return this.mean
  }

  read(): { fps: number | null; paint_ms: number | null } {
    const total = this.frames.reduce((sum, gap) => sum + gap, 0)
    return { fps: total > 0 ? Number(((1000 * this.frames.length) / total).toFixed(1)) : null, paint_ms: this.paint }
  }

  stop(): void {
    clearTimeout(this.timer)
    this.timer = -1
  }

  private soon(): void {
    if (this.timer) return
    this.timer = window.setTimeout(() => {
      this.timer = 0
      this.tell()
    }, TELL_EVERY_MS)
  }
}
