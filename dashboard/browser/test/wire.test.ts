import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { applyFrame, type Table, type Tables } from '../src/tables'
import { Texts } from '../src/texts'
import { BadFrame, type Column, type Columns, decode, type Frame } from '../src/wire'

// Run from .tests/, two folders below the package; the golden frames are shared with layers/wire.py.
const FRAMES = join(dirname(fileURLToPath(import.meta.url)), '../../../tests/contract/frames')

function bytes(name: string): ArrayBuffer {
  const file = readFileSync(join(FRAMES, `${name}.bin`))
  return file.buffer.slice(file.byteOffset, file.byteOffset + file.byteLength) as ArrayBuffer
}

function golden(name: string): Record<string, unknown> {
  return JSON.parse(readFileSync(join(FRAMES, `${name}.json`), 'utf8')) as Record<string, unknown>
}

// JSON has no u64 and no NaN: the golden files write keys as text and NaN as null.
function plain(column: Column): unknown[] {
  const values = column instanceof Texts ? Array.from({ length: column.length }, (_, row) => column.at(row)) : (column as ArrayLike<unknown>)
  return Array.from(values, (v) => (typeof v === 'bigint' ? String(v) : typeof v === 'number' && Number.isNaN(v) ? null : v))
}

function plainColumns(cols: Columns): Record<string, unknown[]> {
  return Object.fromEntries(Object.entries(cols).map(([name, column]) => [name, plain(column)]))
}

function plainTables(tables: Tables): Record<string, unknown> {
  return Object.fromEntries(Object.entries(tables).map(([name, t]: [string, Table]) => [name, { mode: 'snapshot', n: t.n, meta: t.meta, cols: plainColumns(t.cols) }]))
}

function plainFrame(frame: Frame): Record<string, unknown> {
  const layers = Object.fromEntries(
    Object.entries(frame.layers).map(([name, l]) => [
      name,
      l.mode === 'snapshot'
        ? { mode: l.mode, n: l.n, meta: l.meta, cols: plainColumns(l.cols) }
        : { mode: l.mode, n: l.n, add: l.add, drop: plain(l.drop), index: plain(l.index), cols: plainColumns(l.cols), ...(l.meta ? { meta: l.meta } : {}) },
    ]),
  )
  return { ...frame, layers }
}

const names = readdirSync(FRAMES).filter((f) => f.endsWith('.bin')).map((f) => f.slice(0, -4))

test('there are golden frames', () => assert.ok(names.length >= 4, `found ${names.join(', ')}`))

for (const name of names) {
  test(`golden frame ${name} decodes to what its json says`, () => {
    const { onto: _onto, after: _after, ...expected } = golden(name)
    assert.deepEqual(plainFrame(decode(bytes(name))), expected)
  })
}

for (const name of names.filter((n) => golden(n).after)) {
  test(`golden delta ${name} applied gives the tables its json says`, () => {
    assert.deepEqual(plainTables(tablesAfter(name)), golden(name).after)
  })
}

// A golden delta builds on another golden frame, which may be a delta itself.
function tablesAfter(name: string): Tables {
  const onto = golden(name).onto as string | undefined
  return applyFrame(onto ? tablesAfter(onto) : {}, decode(bytes(name))).tables
}

function refused(data: ArrayBuffer, pattern: RegExp): void {
  assert.throws(
    () => decode(data),
    (error: Error) => error instanceof BadFrame && pattern.test(error.message) && !error.message.includes('\n'),
  )
}

function rewritten(change: (header: Record<string, never>) => void, name = 'snapshot'): ArrayBuffer {
  const data = bytes(name)
  const length = new DataView(data).getUint32(4, true)
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(data, 8, length)))
  change(header)
  const raw = new TextEncoder().encode(JSON.stringify(header))
  assert.ok(raw.length <= length + 7, 'the rewritten header must fit')
  const out = data.slice(0)
  new Uint8Array(out, 8, length).fill(32)
  new Uint8Array(out, 8).set(raw)
  return out
}

test('frames that are not frames are refused in one line', () => {
  refused(new ArrayBuffer(0), /0 bytes/)
  refused(new ArrayBuffer(64), /GCF1/)
  refused(bytes('snapshot').slice(0, 100), /past the end/)
  const noise = bytes('snapshot')
  new Uint8Array(noise, 8, 40).fill(0xff)
  refused(noise, /not JSON/)
})

test('every cut of a golden frame is refused or whole, never another error', () => {
  const whole = bytes('delta')
  for (let end = 0; end < whole.byteLength; end += 3) {
    try {
      decode(whole.slice(0, end))
    } catch (error) {
      assert.ok(error instanceof BadFrame, `${end}: ${error}`)
    }
  }
})

test('headers that lie are refused', () => {
  refused(rewritten((h: any) => { h.v = 2 }), /version 2/)
  refused(rewritten((h: any) => { h.mode = 'delta'; h.base = null }), /without base/)
  refused(rewritten((h: any) => { h.layers.heat.n = 6 }), /expected 6/)
  refused(rewritten((h: any) => { h.layers.heat.cols.value.t = 'f16' }), /unknown type "f16"/)
  refused(rewritten((h: any) => { h.layers.heat.cols.value.t = 'toString' }), /unknown type/)
  refused(rewritten((h: any) => { h.layers.heat.cols.value.off += 4 }), /multiple of 8/)
  refused(rewritten((h: any) => { h.layers.heat.cols.value.len = 99999 }), /past the end/)
  refused(rewritten((h: any) => { delete h.layers.heat.cols.key }), /no key/)
})

test('texts that do not end where their rows do are refused', () => {
  const cols = (h: any) => h.layers.queue.cols
  refused(rewritten((h) => { cols(h).title.bytes -= 1 }, 'queue'), /title: (is not UTF-8|ends at)/)
  refused(rewritten((h) => { cols(h).title.bytes = 99999 }, 'queue'), /title: runs past the end/)
  refused(rewritten((h) => { cols(h).title.bytes = -1 }, 'queue'), /title: bytes: expected a whole number/)
  const data = bytes('queue')
  const length = new DataView(data).getUint32(4, true)
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(data, 8, length)))
  new DataView(data).setUint32(header.layers.queue.cols.title.off, 60000, true)
  refused(data, /title: row 1 ends before it begins/)
})
