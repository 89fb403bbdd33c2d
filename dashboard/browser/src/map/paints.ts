// When what the stream said was on the picture: an update is painted with the frame after it was handed to the layers.

import type { Update } from '../bus'

/** While the tab is hidden nothing is painted: of what waits only the newest are kept. */
const MOST_WAITING = 50

export class Paints {
  /** Updates not handed to the layers yet, and those handed over but not rendered yet. */
  private waiting: Update[] = []
  private drawn: Update[] = []

  constructor(private readonly took: (ms: number) => void) {}

  add(update: Update): void {
    this.waiting.push(update)
    if (this.waiting.length > MOST_WAITING) this.waiting.shift()
  }

  /** Nothing waits to be painted. */
  get none(): boolean {
    return this.waiting.length === 0 && this.drawn.length === 0
  }

  /** The layers have everything that came so far. */
  handed(): void {
    this.drawn.push(...this.waiting)
    this.waiting = []
  }

  /** A frame was rendered. */
  rendered(): void {
    if (!this.drawn.length) return
    const done = this.drawn
    this.drawn = []
    // After the next task the commands of this frame have been handed to the compositor.
    const channel = new MessageChannel()
    channel.port1.onmessage = () => {
      channel.port1.close()
      const now = Date.now()
      for (const update of done) {
        update.painted(now)
        this.took(now - update.receivedAt)
      }
    }
    channel.port2.postMessage(0)
  }
}
