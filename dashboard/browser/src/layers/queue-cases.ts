// The cases of the queue in columns, as they travel: a row becomes an object only when somebody looks at it.

import type { Table } from '../tables'
import type { Strings } from '../texts'
import { BadFrame } from '../wire'

/** One case. Times in ms since 1970, null where there is none; codes are texts already. */
export type QueueRow = {
  id: string
  severity: number
  state: string
  category: string
  workflow: string
  step: string
  owner: string
  source: string
  area: string
  title: string
  title_en: string
  opened: number
  /** Deadline, first warning moment and first deadline of the clock that ends first. */
  due: number | null
  warn: number | null
  original: number | null
  clock: string
  paused: boolean
  returns: number
  units: number
  children: number
  seq: number
  /** Only of a case that is closed: when. */
  closed?: number
}

type Numbers = ArrayLike<number>

/** A column of numbers, and the text that each number stands for. */
export type Coded = { numbers: Numbers; texts: readonly string[] }

export const STATES: readonly string[] = ['open', 'dispatched', 'on_scene', 'closed']

/** Columns that hold numbers of texts, and the list in `meta` that names them. */
const CODED = { category: 'categories', workflow: 'workflows', step: 'steps', owner: 'owners', source: 'sources', clock: 'clocks' } as const
type CodedName = keyof typeof CODED
const NUMBERS = ['severity', 'state', 'opened', 'due', 'warn', 'original', 'paused', 'returns', 'units', 'children', 'parent', 'seq'] as const
const TEXTS = ['key', 'area', 'title', 'title_en'] as const

export class Cases {
  readonly n: number
  readonly keys: Strings
  readonly numbers: Readonly<Record<(typeof NUMBERS)[number], Numbers>>
  readonly texts: Readonly<Record<(typeof TEXTS)[number], Strings>>
  readonly coded: Readonly<Record<CodedName, Coded>>
  /** All that there are and all that were sent; a server may keep some back. */
  readonly total: number
  readonly shown: number
  /** Cases in the focus area whatever the filters, without those merged into another. */
  readonly all: number
  private areas: Coded | null = null

  constructor(table: Table) {
    const { cols, meta } = table
    for (const name of [...Object.keys(CODED), ...NUMBERS, ...TEXTS]) if (!cols[name]) throw new BadFrame(`queue: lacks column ${name}`)
    this.n = table.n
    this.numbers = cols as unknown as Cases['numbers']
    this.texts = cols as unknown as Cases['texts']
    this.keys = this.texts.key
    const coded = ([name, list]: [string, string]) => [name, { numbers: cols[name], texts: (meta[list] as string[] | undefined) ?? [] }]
    this.coded = Object.fromEntries(Object.entries(CODED).map(coded as never)) as Cases['coded']
    this.total = Number(meta.total ?? table.n)
    this.shown = Number(meta.shown ?? table.n)
    this.all = Number(meta.all ?? this.total)
  }

  static none(): Cases {
    return new Cases(tableOf([]))
  }

  /** Areas travel as texts; here each different one gets a number. */
  get area(): Coded {
    return (this.areas ??= code(this.texts.area))
  }

  /** It is worked with the incident it was merged into, and is no row of its own. */
  merged(at: number): boolean {
    return this.numbers.parent[at]! > 0
  }

  text(name: CodedName, at: number): string {
    const { numbers, texts } = this.coded[name]
    return texts[numbers[at]!] ?? ''
  }

  /** Whether the row is as it was. Texts and codes only change with a record, and then `seq` does. */
  same(row: QueueRow, at: number): boolean {
    const n = this.numbers
    return (
      row.seq === n.seq[at] &&
      row.units === n.units[at] &&
      row.state === STATES[n.state[at]!] &&
      row.paused === n.paused[at]! > 0 &&
      row.children === n.children[at] &&
      row.returns === n.returns[at] &&
      row.due === known(n.due[at]!) &&
      row.warn === known(n.warn[at]!) &&
      row.owner === this.text('owner', at) &&
      row.step === this.text('step', at)
    )
  }

  row(at: number): QueueRow {
    const n = this.numbers
    return {
      id: this.keys.at(at)!,
      severity: n.severity[at]!,
      state: STATES[n.state[at]!] ?? '',
      category: this.text('category', at),
      workflow: this.text('workflow', at),
      step: this.text('step', at),
      owner: this.text('owner', at),
      source: this.text('source', at),
      area: this.texts.area.at(at)!,
      title: this.texts.title.at(at)!,
      title_en: this.texts.title_en.at(at)!,
      opened: n.opened[at]!,
      due: known(n.due[at]!),
      warn: known(n.warn[at]!),
      original: known(n.original[at]!),
      clock: this.text('clock', at),
      paused: n.paused[at]! > 0,
      returns: n.returns[at]!,
      units: n.units[at]!,
      children: n.children[at]!,
      seq: n.seq[at]!,
    }
  }
}

/** Cases that are closed, as the API lists them, newest first, in the same columns. */
export class ClosedCases extends Cases {
  constructor(private readonly rows: readonly QueueRow[] = []) {
    super(tableOf(rows))
  }

  override same(row: QueueRow, at: number): boolean {
    return this.rows[at] === row
  }

  override row(at: number): QueueRow {
    return this.rows[at]!
  }

  closed(at: number): number {
    return this.rows[at]!.closed ?? 0
  }
}

function tableOf(rows: readonly QueueRow[]): Table {
  const cols: Table['cols'] = { key: rows.map((row) => row.id) }
  const meta: Table['meta'] = {}
  for (const name of ['area', 'title', 'title_en'] as const) cols[name] = rows.map((row) => row[name] ?? '')
  for (const [name, list] of Object.entries(CODED)) {
    const { numbers, texts } = code(rows.map((row) => row[name as CodedName] ?? ''))
    cols[name] = Uint32Array.from(numbers)
    meta[list] = texts
  }
  for (const name of NUMBERS) {
    if (name === 'parent' || name === 'state') continue
    cols[name] = Float64Array.from(rows, (row) => Number(row[name] ?? NaN))
  }
  cols.state = Uint8Array.from(rows, (row) => STATES.indexOf(row.state))
  cols.parent = new Uint8Array(rows.length)
  return { n: rows.length, meta, cols }
}

function code(values: Strings): Coded {
  const numbers = new Uint32Array(values.length)
  const known = new Map<string, number>()
  for (let at = 0; at < values.length; at++) {
    const text = values.at(at)!
    let number = known.get(text)
    if (number === undefined) known.set(text, (number = known.size))
    numbers[at] = number
  }
  return { numbers, texts: [...known.keys()] }
}

function known(value: number): number | null {
  return Number.isNaN(value) ? null : value
}
