// A column of texts as it travels (docs/wire.md, `text`): one text and where each row ends in it. A row is cut out when
// somebody looks at it; a queue of 20,000 cases shows some thirty.

/** What texts are read by, a plain array of them too. */
export type Strings = { readonly length: number; at(row: number): string | undefined }

export class Texts implements Strings {
  private changed: Map<number, string> | null = null

  /** `ends`: where each row ends in `whole`, in UTF-16 units; `more`: rows that came after those. */
  constructor(
    private readonly whole: string,
    private readonly ends: Uint32Array,
    private readonly more: readonly string[] = [],
  ) {}

  get length(): number {
    return this.ends.length + this.more.length
  }

  at(row: number): string | undefined {
    const { ends } = this
    return this.changed?.get(row) ?? (row < ends.length ? this.whole.slice(row ? ends[row - 1] : 0, ends[row]) : this.more[row - ends.length])
  }

  set(row: number, text: string): void {
    ;(this.changed ??= new Map()).set(row, text)
  }

  /** These rows and then others, in a column of its own. */
  and(others: readonly string[]): Texts {
    const all = new Texts(this.whole, this.ends, [...this.more, ...others])
    all.changed = this.changed && new Map(this.changed)
    return all
  }
}
