// The desk's queue: the cases that the stream brings, and the part of them that a person looks at, in order. The table
// asks for the rows that it shows and never sees the others.

import { channel } from '../bus'
import { Cases, ClosedCases, type QueueRow } from './queue-cases'
import { Alphabet, finder, type Names } from './queue-names'
import { arrange, bit, type Mine, place, type Placed, type Sort, type Tab } from './queue-order'

/** What a person looks at. `words` are in lower case; a row must have all of them. */
export type Look = { tab: Tab; words: readonly string[]; sort: Sort; mine: Mine }

/** Ids that came and that left. */
export type Moves = { came: string[]; left: string[] }

const NOBODY: Mine = { owner: '', ids: new Set() }
const MOST_KEPT = 5000 // row objects; they are made again when they are looked at again

export class Queue {
  private cases = Cases.none()
  private closed = new ClosedCases()
  private indexed: Map<string, number> | null = null
  private closedIndex = new Map<string, number>()
  private merged: Uint8Array = new Uint8Array(0)
  private placed: Placed | null = null
  private shown: Uint32Array = new Uint32Array(0)
  private places: Map<string, number> | null = null
  private readonly objects = new Map<string, QueueRow>()
  private readonly fresh = new Map<string, number>()
  private alphabet: Alphabet
  private look: Look = { tab: 'open', words: [], sort: { by: 'need', down: false }, mine: NOBODY }
  /** A table has come. */
  heard = false

  constructor(private readonly names: Names) {
    this.alphabet = new Alphabet((a, b) => names.compare(a, b))
  }

  /** The stream's table, in place of the one before. `now` in ms since 1970 marks what is new since then. */
  take(cases: Cases, now: number): Moves {
    const moves: Moves = { came: [], left: [] }
    const parent = cases.numbers.parent
    if (cases.keys !== this.cases.keys || !same(parent, this.merged)) {
      const before = this.heard ? this.index : null
      this.merged = new Uint8Array(parent)
      this.indexed = null
      if (before) {
        const index = (this.indexed = indexOf(cases, this.merged))
        for (const id of index.keys()) if (!before.has(id)) moves.came.push(id)
        if (before.size + moves.came.length > index.size) for (const id of before.keys()) if (!index.has(id)) moves.left.push(id)
      }
    }
    this.cases = cases
    for (const [id, row] of this.objects) {
      const at = this.index.get(id)
      if (at === undefined || !cases.same(row, at)) this.objects.delete(id)
    }
    for (const id of moves.came) this.fresh.set(id, now)
    for (const id of moves.left) this.fresh.delete(id)
    this.heard = true
    this.arrange(now)
    return moves
  }

  /** Cases that were closed, for the tab of that name. */
  takeClosed(rows: readonly QueueRow[], now: number): void {
    this.closed = new ClosedCases(rows)
    this.closedIndex = new Map(rows.map((row, at) => [row.id, at]))
    if (this.look.tab === 'closed') this.arrange(now)
  }

  /** Look at another tab, by other words, in another order. */
  see(look: Partial<Look>, now: number): void {
    this.look = { ...this.look, ...look }
    this.arrange(now)
  }

  /** Names are others now. */
  renamed(now: number): void {
    this.alphabet = new Alphabet((a, b) => this.names.compare(a, b))
    this.arrange(now)
  }

  /** When the first clock moves a case to another place or tab; by then somebody is to call `arrange`. */
  get turns(): number {
    return this.placed?.turns ?? Infinity
  }

  arrange(now: number): void {
    const { tab, words, sort, mine } = this.look
    this.placed = place(this.cases, now, mine)
    const cases = this.looked
    const { tabs, order } = cases === this.closed ? place(cases, now, mine) : this.placed
    const passes = words.length ? finder(cases, this.names, words) : null
    const wanted = bit(tab)
    const shown = new Uint32Array(cases.n)
    let n = 0
    for (let at = 0; at < cases.n; at++) if (tabs[at]! & wanted && (!passes || passes(at))) shown[n++] = at
    this.shown = shown.subarray(0, n)
    arrange(this.shown, cases, order, sort, this.names, this.alphabet)
    this.places = null
  }

  /** Where each case is; those that were merged into another are nowhere. Made when it is first asked for. */
  private get index(): Map<string, number> {
    return (this.indexed ??= indexOf(this.cases, this.merged))
  }

  private get looked(): Cases {
    return this.look.tab === 'closed' ? this.closed : this.cases
  }

  // --- what is looked at -------------------------------------------------------------------------------------------
  /** Rows that are shown. */
  get n(): number {
    return this.shown.length
  }

  id(place: number): string | undefined {
    const at = this.shown[place]
    return at === undefined ? undefined : this.looked.keys.at(at)
  }

  /** The row at a place of the table; the same object as long as nothing of it changes. */
  at(place: number): QueueRow | undefined {
    const at = this.shown[place]
    return at === undefined ? undefined : this.made(this.looked, at)
  }

  /** Where a case is in the table, -1 when it is not shown. */
  place(id: string): number {
    if (!this.places) {
      this.places = new Map()
      for (let place = 0; place < this.shown.length; place++) this.places.set(this.looked.keys.at(this.shown[place]!)!, place)
    }
    return this.places.get(id) ?? -1
  }

  // --- all of it -----------------------------------------------------------------------------------------------------
  row(id: string): QueueRow | undefined {
    const at = this.index.get(id)
    if (at !== undefined) return this.made(this.cases, at)
    const closed = this.closedIndex.get(id)
    return closed === undefined ? undefined : this.closed.row(closed)
  }

  *rows(): Generator<QueueRow> {
    for (const [id, at] of this.index) yield this.objects.get(id) ?? this.cases.row(at)
    for (const [id, at] of this.closedIndex) if (!this.index.has(id)) yield this.closed.row(at)
  }

  /** Cases in each tab, whatever is looked at. */
  get counts(): Record<Tab, number> {
    return { ...(this.placed ?? place(Cases.none(), 0, NOBODY)).counts, closed: this.closed.n }
  }

  /** Cases that the server has and those of them that it sent; `all`: whatever the view's filters. */
  get told(): { total: number; shown: number; all: number } {
    return { total: this.cases.total, shown: this.cases.shown, all: this.cases.all }
  }

  /** Owners that cases are with. */
  get owners(): string[] {
    const { numbers, texts } = this.cases.coded.owner
    const used = new Uint8Array(texts.length)
    for (let at = 0; at < this.cases.n; at++) used[numbers[at]!] = 1
    return texts.filter((_, number) => used[number])
  }

  isFresh(id: string, now: number, ms: number): boolean {
    const since = this.fresh.get(id)
    return since !== undefined && since > now - ms
  }

  /** Cases that came within the last `ms`; those before are new no longer. */
  countFresh(now: number, ms: number): number {
    for (const [id, since] of this.fresh) if (since <= now - ms) this.fresh.delete(id)
    return this.fresh.size
  }

  private made(cases: Cases, at: number): QueueRow {
    if (cases === this.closed) return cases.row(at)
    const id = cases.keys.at(at)!
    let row = this.objects.get(id)
    if (!row) {
      if (this.objects.size >= MOST_KEPT) this.objects.clear()
      this.objects.set(id, (row = cases.row(at)))
    }
    return row
  }
}

function indexOf(cases: Cases, merged: Uint8Array): Map<string, number> {
  const index = new Map<string, number>()
  for (let at = 0; at < cases.n; at++) if (!merged[at]) index.set(cases.keys.at(at)!, at)
  return index
}

function same(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

/** Hands over the queue that the Stream `stream` receives, each time that it changes, until the returned function is called. */
export function watchQueue(stream: string, told: (cases: Cases) => void): () => void {
  return channel(stream).subscribe((update) => {
    const table = update.tables.queue
    if (!table || !update.changes.queue) return
    try {
      told(new Cases(table))
      requestAnimationFrame(() => setTimeout(() => update.painted(Date.now())))
    } catch (error) {
      // The maps on the same Stream must go on.
      console.error('queue:', (error as Error).message)
    }
  })
}
