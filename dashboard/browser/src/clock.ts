// What time it is at the server: pages show its clock, because a screen's own may be wrong, or the server may show the past.

/** Answers that are looked at: the quickest of them says most. */
export const SAMPLES = 20
/** Differences below this are travel time and rounding, ms: the screen's own clock is kept. */
export const IGNORED_MS = 1_000

export class ServerClock {
  private readonly differences: number[] = []
  private held = 0
  private heard = false

  /** The server said that it is `server` ms; that was read at `received` ms of this screen's clock. */
  sample(server: number, received: number): void {
    if (!Number.isFinite(server)) return
    this.differences.push(server - received)
    if (this.differences.length > SAMPLES) this.differences.shift()
    // What travelled or waited makes the server look behind, never ahead: the largest difference is the nearest.
    const nearest = Math.max(...this.differences)
    if (!this.heard || Math.abs(nearest - this.held) >= IGNORED_MS) this.held = Math.abs(nearest) < IGNORED_MS ? 0 : nearest
    this.heard = true
  }

  /** This screen's clock was set: how far the server was from it says nothing now. What is held stays until the next answer. */
  forget(): void {
    this.differences.length = 0
  }

  /** Milliseconds to add to this screen's clock; null before the server said anything. */
  get offset(): number | null {
    return this.heard ? this.held : null
  }
}
