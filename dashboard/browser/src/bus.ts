// What a Stream publishes and the maps on the page read, by the id of the Stream. One page, one bus.

import type { Change, Tables } from './tables'
import type { Stamps } from './wire'

export type Update = {
  view: string
  tables: Tables
  /** Layers that changed with this update; a late subscriber gets all of them with `rows: null`. */
  changes: Record<string, Change>
  t: number
  stamps: Stamps
  receivedAt: number
  /** Called by a picture once the update is on the screen; the first one to paint stamps it. */
  painted(at: number): void
}

type Listener = (update: Update) => void

class Channel {
  private last: Update | null = null
  private readonly listeners = new Set<Listener>()

  publish(update: Update): void {
    this.last = update
    for (const listener of [...this.listeners]) listener(update)
  }

  subscribe(listener: Listener): () => void {
    this.listeners.add(listener)
    if (this.last) listener({ ...this.last, changes: Object.fromEntries(Object.keys(this.last.tables).map((name) => [name, { rows: null }])) })
    return () => void this.listeners.delete(listener)
  }
}

const channels = new Map<string, Channel>()

/** The channel of a Stream; made on first use, so that a map may come to the page before its Stream. */
export function channel(id: string): Channel {
  let found = channels.get(id)
  if (!found) channels.set(id, (found = new Channel()))
  return found
}

/** Hand values out: to Dash as properties, and to the page's own scripts as a `gridcommand` event. A page that follows
 * the data listens to the event; as inputs of callbacks the same values would stay in Dash's undo history for ever. */
export function tell(id: string, values: Record<string, unknown>, setProps: ((values: Record<string, unknown>) => void) | undefined): void {
  window.dispatchEvent(new CustomEvent('gridcommand', { detail: { id, ...values } }))
  setProps?.(values)
}
