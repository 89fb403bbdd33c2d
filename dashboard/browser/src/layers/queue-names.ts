// Names of what the queue's rows carry as codes: their places in the alphabet, so that sorting compares numbers, and
// which of them a word of the filter is in. Both look at each different name once, not at each row.

import { type Cases, type Coded, STATES } from './queue-cases'

/** How the page calls things, in its language. */
export type Names = {
  owner(id: string): string
  area(code: string): string
  category(code: string): string
  /** Where a case stands: the step of its workflow, or its phase where it has none. */
  where(at: { workflow: string; step: string; state: string }): string
  workflow(id: string): string
  /** In both languages: what is looked for, not shown. */
  severity(n: number): string
  /** Order of two names in the alphabet of that language. */
  compare(a: string, b: string): number
}

/** Columns that sort by a name. */
export const NAMED = ['owner', 'area', 'category', 'where', 'workflow'] as const
export type Named = (typeof NAMED)[number]

/** Each row's number in such a column, and the name of each number. */
export function named(cases: Cases, names: Names, column: Named): Coded {
  if (column === 'where') return where(cases, names)
  const { numbers, texts } = column === 'area' ? cases.area : cases.coded[column]
  return { numbers, texts: texts.map((text) => names[column](text)) }
}

function where(cases: Cases, names: Names): Coded {
  const { workflow, step } = cases.coded
  const numbers = new Uint32Array(cases.n)
  const known = new Map<number, number>()
  const texts: string[] = []
  for (let at = 0; at < cases.n; at++) {
    const state = cases.numbers.state[at]!
    const all = (workflow.numbers[at]! * (step.texts.length + 1) + step.numbers[at]!) * (STATES.length + 1) + state
    let number = known.get(all)
    if (number === undefined) {
      known.set(all, (number = texts.length))
      texts.push(names.where({ workflow: cases.text('workflow', at), step: cases.text('step', at), state: STATES[state] ?? '' }))
    }
    numbers[at] = number
  }
  return { numbers, texts }
}

/** Places of names in the alphabet; kept from frame to frame, since names seldom change. */
export class Alphabet {
  private readonly places = new Map<string, number>()

  constructor(private readonly compare: Names['compare']) {}

  /** The place of each text, in the order of `texts`. */
  of(texts: readonly string[]): number[] {
    const before = this.places.size
    for (const text of texts) if (!this.places.has(text)) this.places.set(text, 0)
    if (this.places.size > before) [...this.places.keys()].sort(this.compare).forEach((text, i) => this.places.set(text, i))
    return texts.map((text) => this.places.get(text)!)
  }
}

/** Whether a row has all the words: each in its id, its titles, its priority or one of its names. */
export function finder(cases: Cases, names: Names, words: readonly string[]): (at: number) => boolean {
  const columns = NAMED.map((column) => named(cases, names, column)).map(({ numbers, texts }) => ({ numbers, texts: texts.map((text) => text.toLowerCase()) }))
  const severities = [0, 1, 2, 3, 4].map((n) => (n ? names.severity(n).toLowerCase() : ''))
  const { key, title, title_en } = cases.texts
  const tests = words.map((word) => {
    const hits = columns.map(({ numbers, texts }) => ({ numbers, has: texts.map((text) => text.includes(word)) })).filter(({ has }) => has.includes(true))
    const levels = severities.map((name) => name.includes(word))
    return (at: number) =>
      hits.some(({ numbers, has }) => has[numbers[at]!]) ||
      levels[cases.numbers.severity[at]!] ||
      title.at(at)!.toLowerCase().includes(word) ||
      title_en.at(at)!.toLowerCase().includes(word) ||
      key.at(at)!.toLowerCase().includes(word)
  })
  return (at) => tests.every((test) => test(at))
}
