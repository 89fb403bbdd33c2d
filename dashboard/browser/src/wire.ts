// Frames as docs/wire.md states them, read from bytes without copying where alignment allows. The mirror of layers/wire.py.

import { Texts } from './texts'

export type NumberArray = Uint8Array | Uint16Array | Uint32Array | Int32Array | Float32Array | Float64Array
export type Column = NumberArray | BigUint64Array | string[] | Texts
export type Columns = Record<string, Column>

export type TableSnapshot = { mode: 'snapshot'; n: number; meta: Record<string, unknown>; cols: Columns }
export type TableDelta = {
  mode: 'delta'
  n: number
  meta?: Record<string, unknown>
  drop: Uint32Array
  index: Uint32Array
  add: number
  cols: Columns
}
export type Stamps = { source: number | null; commit: number | null; frame: number }
export type Frame = {
  view: string
  seq: number
  base: number | null
  mode: 'snapshot' | 'delta'
  t: number
  log: number
  stamps: Stamps
  layers: Record<string, TableSnapshot | TableDelta>
  panel: Record<string, unknown> | null
}

/** A frame that is not as docs/wire.md states; the message is one line. */
export class BadFrame extends Error {}

const ARRAYS = {
  u8: Uint8Array,
  u16: Uint16Array,
  u32: Uint32Array,
  i32: Int32Array,
  f32: Float32Array,
  f64: Float64Array,
  u64: BigUint64Array,
} as const

const utf8 = new TextDecoder('utf-8', { fatal: true })

type Json = Record<string, unknown>

function object(value: unknown, what: string): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new BadFrame(`${what}: expected an object`)
  return value as Json
}

function whole(value: unknown, what: string): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0) throw new BadFrame(`${what}: expected a whole number, 0 or more`)
  return value
}

function number(value: unknown, what: string): number {
  if (typeof value !== 'number' || !Number.isFinite(value)) throw new BadFrame(`${what}: expected a number`)
  return value
}

function numberOrNull(value: unknown, what: string): number | null {
  return value === null || value === undefined ? null : number(value, what)
}

function column(raw: unknown, bytes: ArrayBuffer, what: string): Column {
  const entry = object(raw, what)
  const offset = whole(entry.off, `${what}: off`)
  const length = whole(entry.len, `${what}: len`)
  if (offset % 8) throw new BadFrame(`${what}: starts at ${offset}, expected a multiple of 8`)
  const type = entry.t as keyof typeof ARRAYS | 'str' | 'text'
  if (type === 'text') return texts(entry, offset, length, bytes, what)
  if (type === 'str') {
    if (offset + length > bytes.byteLength) throw new BadFrame(`${what}: runs past the end of the frame`)
    let value: unknown
    try {
      value = JSON.parse(utf8.decode(new Uint8Array(bytes, offset, length)))
    } catch {
      throw new BadFrame(`${what}: is not JSON text`)
    }
    if (!Array.isArray(value) || !value.every((item) => typeof item === 'string')) throw new BadFrame(`${what}: expected an array of strings`)
    return value as string[]
  }
  const Type = Object.hasOwn(ARRAYS, type) ? ARRAYS[type] : undefined
  if (!Type) throw new BadFrame(`${what}: unknown type ${JSON.stringify(entry.t)}`)
  if (offset + length * Type.BYTES_PER_ELEMENT > bytes.byteLength) throw new BadFrame(`${what}: runs past the end of the frame`)
  return new Type(bytes, offset, length)
}

/** Where each row ends, and then the text itself. */
function texts(entry: Json, offset: number, rows: number, bytes: ArrayBuffer, what: string): Texts {
  const size = whole(entry.bytes, `${what}: bytes`)
  if (offset + rows * 4 + size > bytes.byteLength) throw new BadFrame(`${what}: runs past the end of the frame`)
  const ends = new Uint32Array(bytes, offset, rows)
  let text: string
  try {
    text = utf8.decode(new Uint8Array(bytes, offset + rows * 4, size))
  } catch {
    throw new BadFrame(`${what}: is not UTF-8`)
  }
  let last = 0
  for (let row = 0; row < rows; row++) {
    if (ends[row]! < last) throw new BadFrame(`${what}: row ${row} ends before it begins`)
    last = ends[row]!
  }
  if (last !== text.length) throw new BadFrame(`${what}: ends at ${last} of ${text.length}`)
  return new Texts(text, ends)
}

function u32(raw: unknown, bytes: ArrayBuffer, what: string): Uint32Array {
  const value = column(raw, bytes, what)
  if (!(value instanceof Uint32Array)) throw new BadFrame(`${what}: expected u32`)
  return value
}

function ascending(rows: Uint32Array, what: string): Uint32Array {
  for (let i = 1; i < rows.length; i++) if (rows[i]! <= rows[i - 1]!) throw new BadFrame(`${what}: expected ascending row numbers`)
  return rows
}

function layer(raw: unknown, bytes: ArrayBuffer, what: string): TableSnapshot | TableDelta {
  const head = object(raw, what)
  const n = whole(head.n, `${what}: n`)
  const cols: Columns = {}
  for (const [name, entry] of Object.entries(object(head.cols, `${what}: cols`))) cols[name] = column(entry, bytes, `${what}: ${name}`)
  if (!cols.key) throw new BadFrame(`${what}: no key column`)
  const meta = head.meta === undefined || head.meta === null ? undefined : object(head.meta, `${what}: meta`)
  if (head.mode === 'snapshot') {
    for (const [name, values] of Object.entries(cols)) {
      if (values.length !== n) throw new BadFrame(`${what}: ${name}: ${values.length} rows, expected ${n}`)
    }
    return { mode: 'snapshot', n, meta: meta ?? {}, cols }
  }
  if (head.mode !== 'delta') throw new BadFrame(`${what}: mode ${JSON.stringify(head.mode)} is not snapshot or delta`)
  const drop = ascending(u32(head.drop, bytes, `${what}: drop`), `${what}: drop`)
  const index = u32(head.index, bytes, `${what}: index`)
  const add = whole(head.add, `${what}: add`)
  for (const [name, values] of Object.entries(cols)) {
    const expected = name === 'key' ? add : index.length + add
    if (values.length !== expected) throw new BadFrame(`${what}: ${name}: ${values.length} rows, expected ${expected}`)
  }
  return { mode: 'delta', n, meta, drop, index, add, cols }
}

/** The frame in these bytes. Throws BadFrame in one line. Columns are views into `bytes`. */
export function decode(bytes: ArrayBuffer): Frame {
  if (bytes.byteLength < 8) throw new BadFrame(`frame: ${bytes.byteLength} bytes, expected at least 8`)
  const head = new DataView(bytes)
  if (head.getUint32(0, false) !== 0x47434631) throw new BadFrame('frame: does not start with GCF1')
  const length = head.getUint32(4, true)
  if (8 + length > bytes.byteLength) throw new BadFrame(`frame: header of ${length} bytes runs past the end of ${bytes.byteLength} bytes`)
  let parsed: unknown
  try {
    parsed = JSON.parse(utf8.decode(new Uint8Array(bytes, 8, length)))
  } catch {
    throw new BadFrame('frame: header is not JSON')
  }
  const header = object(parsed, 'frame: header')
  if (header.v !== 1) throw new BadFrame(`frame: version ${JSON.stringify(header.v)}, this reader knows 1`)
  if (header.mode !== 'snapshot' && header.mode !== 'delta') throw new BadFrame(`frame: mode ${JSON.stringify(header.mode)} is not snapshot or delta`)
  const base = header.base === null || header.base === undefined ? null : whole(header.base, 'frame: base')
  if (header.mode === 'delta' && base === null) throw new BadFrame('frame: a delta without base')
  if (typeof header.view !== 'string') throw new BadFrame('frame: view: expected text')
  const stamps = object(header.stamps, 'frame: stamps')
  const layers: Frame['layers'] = {}
  for (const [name, raw] of Object.entries(object(header.layers, 'frame: layers'))) layers[name] = layer(raw, bytes, `frame: ${name}`)
  return {
    view: header.view,
    seq: whole(header.seq, 'frame: seq'),
    base,
    mode: header.mode,
    t: number(header.t, 'frame: t'),
    log: whole(header.log, 'frame: log'),
    stamps: {
      source: numberOrNull(stamps.source, 'frame: stamps: source'),
      commit: numberOrNull(stamps.commit, 'frame: stamps: commit'),
      frame: number(stamps.frame, 'frame: stamps: frame'),
    },
    layers,
    panel: header.panel === undefined || header.panel === null ? null : object(header.panel, 'frame: panel'),
  }
}
