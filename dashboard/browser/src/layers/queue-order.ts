// Where each case stands: which tabs it is in, how badly it needs a hand, and the order of the queue by any column.

import { type Cases, ClosedCases } from './queue-cases'
import { type Alphabet, type Named, named, type Names } from './queue-names'

export const TABS = ['triage', 'mine', 'overdue', 'open', 'paused', 'closed'] as const
export type Tab = (typeof TABS)[number]
export const bit = (tab: Tab): number => 1 << TABS.indexOf(tab)

/** What a desk is to look after: the cases of an owner, and those it had in its hands. */
export type Mine = { owner: string; ids: ReadonlySet<string> }

/** Columns by which the queue sorts. */
export type By = 'need' | 'clock' | 'severity' | 'step' | 'what' | 'area' | 'owner' | 'age' | 'units'
export type Sort = { by: By; down: boolean }

const NEVER = 9e12 // ms: after every deadline
const AFTER_ALL = 1e14 // ms: after every moment; what is left until then is a number above 0
const BY_NAME: Partial<Record<By, Named>> = { step: 'where', what: 'category', area: 'area', owner: 'owner' }

export type Placed = {
  /** The tabs of each row, a bit for each. */
  tabs: Uint8Array
  /** One number for each row to sort by: need, then severity, then deadline; of what is closed the latest first. */
  order: Float64Array
  /** When the first clock comes to another state, ms since 1970. */
  turns: number
  counts: Record<Tab, number>
}

/**
 * What needs a hand first: the most urgent with nobody on its way (0), what waits in triage or is overdue (1), what soon
 * will be (2), then the rest (3); each by severity and deadline; what is suspended last (4).
 */
export function place(cases: Cases, now: number, mine: Mine): Placed {
  const { n, numbers } = cases
  const { severity, state, due, warn, paused, units, parent } = numbers
  const { numbers: owner, texts } = cases.coded.owner
  const triage = texts.indexOf('triage')
  const mines = texts.indexOf(mine.owner)
  const tabs = new Uint8Array(n)
  const order = new Float64Array(n)
  const tally = new Uint32Array(1 << TABS.length)
  const [TRIAGE, MINE, OVERDUE, OPEN, PAUSED] = TABS.map(bit) as [number, number, number, number, number]
  if (cases instanceof ClosedCases) return placeClosed(cases)
  let turns = Infinity
  for (let at = 0; at < n; at++) {
    if (parent[at]! > 0) continue
    const still = paused[at]! > 0
    const end = due[at]!
    const late = now > end // a suspended case has a deadline only where it was late before
    const soon = !still && !late && now >= warn[at]! && end === end
    const waits = owner[at] === triage
    const urgent = severity[at] === 1 && state[at] === 0 && !units[at] && !still
    const need = urgent ? 0 : still ? 4 : waits || late ? 1 : soon ? 2 : 3
    order[at] = (need * 5 + severity[at]!) * 1e13 + (end === end ? end : NEVER)
    if (!still && !late && end === end) {
      const turn = now < warn[at]! ? warn[at]! : end + 1
      if (turn < turns) turns = turn
    }
    const in_ = OPEN | (waits ? TRIAGE : 0) | (owner[at] === mines || (mine.ids.size && mine.ids.has(cases.keys.at(at)!)) ? MINE : 0) | (late ? OVERDUE : 0) | (still ? PAUSED : 0)
    tabs[at] = in_
    tally[in_]!++
  }
  const counts = Object.fromEntries(TABS.map((tab) => [tab, tally.reduce((sum, rows, bits) => (bits & bit(tab) ? sum + rows : sum), 0)])) as Record<Tab, number>
  return { tabs, order, turns, counts }
}

function placeClosed(cases: ClosedCases): Placed {
  const counts = Object.fromEntries(TABS.map((tab) => [tab, tab === 'closed' ? cases.n : 0])) as Placed['counts']
  return { tabs: new Uint8Array(cases.n).fill(bit('closed')), order: filled(cases.n, (at) => AFTER_ALL - cases.closed(at)), turns: Infinity, counts }
}

/** The number by which each row sorts in a column, smallest first; null for need itself. */
function keys(cases: Cases, by: By, names: Names, alphabet: Alphabet): ArrayLike<number> | null {
  const { n, numbers } = cases
  const name = BY_NAME[by]
  if (name) {
    const { numbers: codes, texts } = named(cases, names, name)
    const places = alphabet.of(texts)
    return filled(n, (at) => places[codes[at]!] ?? -1)
  }
  if (by === 'clock') return filled(n, (at) => (Number.isNaN(numbers.due[at]!) ? NEVER : numbers.due[at]!))
  if (by === 'age') return filled(n, (at) => -numbers.opened[at]!)
  return by === 'severity' || by === 'units' ? numbers[by] : null
}

function filled(n: number, value: (at: number) => number): Float64Array {
  const out = new Float64Array(n)
  for (let at = 0; at < n; at++) out[at] = value(at)
  return out
}

/** Sort rows in place. What is alike stands by need, then by when it was opened, then as it came. */
export function arrange(rows: Uint32Array, cases: Cases, order: Float64Array, sort: Sort, names: Names, alphabet: Alphabet): void {
  const opened = cases.numbers.opened
  const value = keys(cases, sort.by, names, alphabet)
  const way = sort.down ? -1 : 1
  if (value) rows.sort((a, b) => way * (value[a]! - value[b]!) || order[a]! - order[b]! || opened[a]! - opened[b]! || a - b)
  else if (sort.down || cases.n > MOST_PACKED) rows.sort((a, b) => way * (order[a]! - order[b]! || opened[a]! - opened[b]!) || a - b)
  else byNeed(rows, order, opened)
}

const HALF = 65_536
const MOST_PACKED = HALF // rows whose number has room beside an order below 2^48

/**
 * The order that a queue has nearly always, without a comparison of ours: whole numbers of 64 bits, the order above and
 * the row below, sort by themselves. Rows whose orders differ by less than 1 are compared afterwards.
 */
function byNeed(rows: Uint32Array, order: Float64Array, opened: ArrayLike<number>): void {
  const n = rows.length
  const packed = new BigUint64Array(n)
  const halves = new Uint32Array(packed.buffer) // the low half first, on every machine that a browser runs on
  for (let i = 0; i < n; i++) {
    const at = rows[i]!
    const high = Math.floor(order[at]! / HALF)
    halves[2 * i + 1] = high
    halves[2 * i] = Math.floor(order[at]! - high * HALF) * HALF + at
  }
  packed.sort()
  const alike = (from: number, to: number) => {
    if (to - from > 1) rows.subarray(from, to).sort((a, b) => order[a]! - order[b]! || opened[a]! - opened[b]! || a - b)
  }
  let from = 0 // of the rows that are alike
  for (let i = 0; i < n; i++) {
    const low = halves[2 * i]!
    rows[i] = low & (HALF - 1)
    if (i && (low >>> 16 !== halves[2 * i - 2]! >>> 16 || halves[2 * i + 1] !== halves[2 * i - 1])) {
      alike(from, i)
      from = i
    }
  }
  alike(from, n)
}
