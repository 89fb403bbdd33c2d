// Tables as the screen keeps them, and how a delta changes one. The mirror of layers/table.py.

import { type Strings, Texts } from './texts'
import { BadFrame, type Column, type Columns, type Frame, type TableDelta, type TableSnapshot } from './wire'

export type Table = { n: number; meta: Record<string, unknown>; cols: Columns }

/** What changed in a table: `rows` null = everything (order, row count or key), else the rows whose values changed. */
export type Change = { rows: Uint32Array | null }

export type Tables = Record<string, Table>

function isText(column: Column): column is string[] | Texts {
  return Array.isArray(column) || column instanceof Texts
}

function empty(like: Column, n: number): Column {
  if (isText(like)) return new Array<string>(n)
  return new (like.constructor as new (n: number) => Exclude<Column, string[] | Texts>)(n)
}

function keep(from: Column, to: Column, drop: Uint32Array): void {
  const rows = from.length
  if (!isText(from) && !drop.length) {
    ;(to as Float64Array).set(from as unknown as Float64Array, 0)
    return
  }
  let next = 0
  let at = 0
  const source = from instanceof Texts ? null : (from as ArrayLike<unknown>)
  const target = to as unknown as Record<number, unknown>
  for (let row = 0; row < rows; row++) {
    if (next < drop.length && drop[next] === row) next++
    else target[at++] = source ? source[row] : (from as Texts).at(row)
  }
}

function assign(to: Column, row: number, from: Column, at: number): void {
  const value = from instanceof Texts ? from.at(at) : (from as ArrayLike<unknown>)[at]
  if (to instanceof Texts) to.set(row, value as string)
  else (to as unknown as Record<number, unknown>)[row] = value
}

/** A column of `kept` rows without those that are dropped, with room for those that are added. */
function grown(before: Column, changed: Column, from: number, kept: number, delta: TableDelta): Column {
  if (before instanceof Texts && !delta.drop.length) {
    return before.and(Array.from({ length: delta.add }, (_, i) => (changed as Strings).at(from + i)!))
  }
  const after = empty(before, delta.n)
  keep(before, after, delta.drop)
  for (let i = 0; i < delta.add; i++) assign(after, kept + i, changed, from + i)
  return after
}

/** The table after a delta. Throws BadFrame when the delta does not fit; the old table is never changed then. */
export function applyDelta(old: Table, delta: TableDelta, what: string): { table: Table; change: Change } {
  const { drop, index, add } = delta
  const kept = old.n - drop.length
  if (drop.length && drop[drop.length - 1]! >= old.n) throw new BadFrame(`${what}: drops row ${drop[drop.length - 1]} of ${old.n}`)
  if (kept + add !== delta.n) throw new BadFrame(`${what}: ends with ${kept + add} rows, expected ${delta.n}`)
  for (const row of index) if (row >= kept) throw new BadFrame(`${what}: changes row ${row} of ${kept}`)
  const names = Object.keys(old.cols)
  for (const name of names) {
    const column = delta.cols[name]
    if (!column) throw new BadFrame(`${what}: lacks column ${name}`)
    if (column.constructor !== old.cols[name]!.constructor && !(isText(column) && isText(old.cols[name]!))) throw new BadFrame(`${what}: ${name}: changed its type`)
  }
  const meta = delta.meta ? { ...old.meta, ...delta.meta } : old.meta
  const sameRows = drop.length === 0 && add === 0
  const cols: Columns = {}
  for (const name of names) {
    const before = old.cols[name]!
    const changed = delta.cols[name]!
    if (name === 'key') {
      cols.key = sameRows ? before : grown(before, changed, 0, kept, delta)
      continue
    }
    // Columns of a snapshot are views into its frame; they are ours alone, so rows can change in place.
    const after = sameRows ? before : grown(before, changed, index.length, kept, delta)
    for (let i = 0; i < index.length; i++) assign(after, index[i]!, changed, i)
    cols[name] = after
  }
  return { table: { n: delta.n, meta, cols }, change: { rows: sameRows ? index : null } }
}

export function fromSnapshot(layer: TableSnapshot): Table {
  return { n: layer.n, meta: layer.meta, cols: layer.cols }
}

/** All tables after a frame, and what changed in each. A layer that a delta leaves out did not change. */
export function applyFrame(old: Tables, frame: Frame): { tables: Tables; changes: Record<string, Change> } {
  const tables: Tables = frame.mode === 'snapshot' ? {} : { ...old }
  const changes: Record<string, Change> = {}
  for (const [name, layer] of Object.entries(frame.layers)) {
    if (layer.mode === 'snapshot') {
      tables[name] = fromSnapshot(layer)
      changes[name] = { rows: null }
      continue
    }
    const before = old[name]
    if (!before) throw new BadFrame(`frame: ${name}: a delta on a layer that was never sent`)
    const done = applyDelta(before, layer, `frame: ${name}`)
    tables[name] = done.table
    changes[name] = done.change
  }
  return { tables, changes }
}
