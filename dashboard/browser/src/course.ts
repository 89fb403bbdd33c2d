// What is to be said about a connection, a little at a time: trouble that was over before its turn came is said all the same.

import type { State, Store } from './stream'

/** `since` in ms on this screen's clock; `connected` whether the socket was open. */
export type Standing = { state: State; since: number; store: Store; connected: boolean }

/** A connection that comes and goes faster than it can be told is told with its last changes only. */
export const MOST_UNTOLD = 3

const calm = (standing: Standing) => standing.state === 'live' || standing.state === 'connecting'
const alike = (a: Standing, b: Standing) => a.state === b.state && a.store === b.store && a.connected === b.connected

export class Course {
  private readonly untold: Standing[] = []
  private error: string | null = null
  private errorTold = false
  private mended = false

  constructor(private told: Standing) {}

  /** The connection stands otherwise now. */
  went(standing: Standing): void {
    const last = () => this.untold[this.untold.length - 1]
    if (last() && calm(last()!)) this.untold.pop()
    if (last() && (alike(last()!, standing) || this.untold.length >= MOST_UNTOLD)) this.untold.pop()
    this.untold.push(standing)
  }

  /** Something was refused; one line. */
  failed(error: string): void {
    this.error = error
    this.errorTold = this.mended = false
  }

  /** A good frame came: an error is taken back once it was told. */
  worked(): void {
    this.mended = true
  }

  /** What to say now; `connected` is how the socket is by now, where nothing else is left to say of it. */
  next(connected: boolean): Standing & { error: string | null } {
    this.told = this.untold.shift() ?? this.told
    if (!this.untold.length) this.told = { ...this.told, connected }
    if (this.errorTold && this.mended) this.error = null
    this.errorTold = this.error !== null
    return { ...this.told, error: this.error }
  }

  /** Whether there is more to say than was said. */
  get more(): boolean {
    return this.untold.length > 0 || (this.error !== null && (this.mended || !this.errorTold))
  }
}
