// Software rendering costs by the pixel: on a machine that draws slowly the map has fewer of them while it moves, and all
// of them as soon as it rests.

/** Frames slower than this are worth fewer pixels, ms. */
export const SLOW_MS = 55
/** What a frame is to take while it moves, ms. */
const WANTED_MS = 45
/** The least share of the pixels along each edge. */
export const COARSEST = 0.5
/** The camera rests when it did not move for so long. */
export const REST_MS = 250
/** What was found slow is tried in full again after so long. */
export const TRUST_MS = 30_000

export type Surface = {
  /** Draw with this share of the pixels along each edge from now on, 1 = all. */
  scale(share: number): void
  /** Usual time of a frame, ms. */
  frameMs(): number
  now(): number
  later(ms: number, run: () => void): () => void
}

export class Coarse {
  /** Share of the pixels along each edge that is drawn now. */
  share = 1
  private known: { share: number; until: number } | null = null
  private rest: (() => void) | null = null

  constructor(private readonly surface: Surface) {}

  /** The camera moved. */
  moved(): void {
    const now = this.surface.now()
    if (this.share === 1) {
      if (this.known && now > this.known.until) this.known = null
      if (!this.known) {
        const ms = this.surface.frameMs()
        // The time goes by the pixels, which go by the square of the edge.
        if (ms > SLOW_MS) this.known = { share: Math.max(COARSEST, Math.min(0.8, Math.sqrt(WANTED_MS / ms))), until: now + TRUST_MS }
      }
      if (this.known) this.set(this.known.share)
    }
    if (this.share === 1) return
    this.rest?.()
    this.rest = this.surface.later(REST_MS, () => {
      this.rest = null
      this.set(1)
    })
  }

  stop(): void {
    this.rest?.()
    this.rest = null
    this.share = 1
  }

  private set(share: number): void {
    this.share = share
    this.surface.scale(share)
  }
}
