import assert from 'node:assert/strict'
import { test } from 'node:test'
import { applyDelta, applyFrame, type Table } from '../src/tables'
import { Texts } from '../src/texts'
import { BadFrame, type Frame, type TableDelta } from '../src/wire'

function table(): Table {
  return { n: 4, meta: { a: 1 }, cols: { key: ['a', 'b', 'c', 'd'], value: Float32Array.of(1, 2, 3, 4), name: ['A', 'B', 'C', 'D'] } }
}

function delta(part: Partial<TableDelta>): TableDelta {
  return { mode: 'delta', n: 4, drop: new Uint32Array(), index: new Uint32Array(), add: 0, cols: { key: [], value: new Float32Array(), name: [] }, ...part }
}

test('drop, then change, then add, in this order', () => {
  const { table: after, change } = applyDelta(
    table(),
    delta({ n: 4, drop: Uint32Array.of(0, 2), index: Uint32Array.of(1), add: 2, cols: { key: ['e', 'f'], value: Float32Array.of(40, 5, 6), name: ['DD', 'E', 'F'] } }),
    't',
  )
  assert.deepEqual(after.cols, { key: ['b', 'd', 'e', 'f'], value: Float32Array.of(2, 40, 5, 6), name: ['B', 'DD', 'E', 'F'] })
  assert.equal(change.rows, null)
  assert.deepEqual(after.meta, { a: 1 })
})

test('a delta of values alone says which rows and keeps the key', () => {
  const before = table()
  const { table: after, change } = applyDelta(before, delta({ index: Uint32Array.of(2), cols: { key: [], value: Float32Array.of(9), name: ['Z'] }, meta: { a: 2 } }), 't')
  assert.deepEqual(Array.from(change.rows!), [2])
  assert.equal(after.cols.key, before.cols.key)
  assert.deepEqual(Array.from(after.cols.value as Float32Array), [1, 2, 9, 4])
  assert.deepEqual(after.meta, { a: 2 })
})

test('a delta that does not fit is refused and changes nothing', () => {
  const before = table()
  const bad: TableDelta[] = [
    delta({ n: 3, drop: Uint32Array.of(4) }),
    delta({ n: 9 }),
    delta({ index: Uint32Array.of(4), cols: { key: [], value: Float32Array.of(1), name: ['x'] } }),
    delta({ cols: { key: [], value: new Float32Array() } }),
    delta({ cols: { key: [], value: new Float64Array(), name: [] } }),
  ]
  for (const d of bad) assert.throws(() => applyDelta(before, d, 't'), BadFrame)
  assert.deepEqual(before, table())
})

test('a snapshot frame forgets layers it does not send, a delta keeps them', () => {
  const frame = (mode: 'snapshot' | 'delta'): Frame => ({ view: '', seq: 2, base: mode === 'delta' ? 1 : null, mode, t: 0, log: 0, stamps: { source: null, commit: null, frame: 0 }, layers: {}, panel: null })
  assert.deepEqual(Object.keys(applyFrame({ heat: table() }, frame('delta')).tables), ['heat'])
  assert.deepEqual(Object.keys(applyFrame({ heat: table() }, frame('snapshot')).tables), [])
})

test('a delta on a layer that was never sent is refused', () => {
  const frame: Frame = { view: '', seq: 2, base: 1, mode: 'delta', t: 0, log: 0, stamps: { source: null, commit: null, frame: 0 }, layers: { heat: delta({}) }, panel: null }
  assert.throws(() => applyFrame({}, frame), BadFrame)
})

const texts = (...rows: string[]) => new Texts(rows.join(''), Uint32Array.from(rows, (_, at) => rows.slice(0, at + 1).join('').length))
const read = (column: unknown) => Array.from({ length: (column as Texts).length }, (_, at) => (column as Texts).at(at))

test('texts that are cut out when they are read change, grow and lose rows like lists', () => {
  const before: Table = { n: 3, meta: {}, cols: { key: texts('a', 'b', 'c'), name: texts('积水', '', '🚒 fire') } }
  assert.deepEqual(read(before.cols.name), ['积水', '', '🚒 fire'])
  assert.equal(before.cols.name!.length, 3)
  assert.equal((before.cols.name as Texts).at(3), undefined)
  const none = texts()
  const changed = applyDelta(before, { ...delta({}), n: 3, index: Uint32Array.of(1), cols: { key: none, name: texts('火警') } }, 't').table
  assert.equal(changed.cols.key, before.cols.key)
  assert.deepEqual(read(changed.cols.name), ['积水', '火警', '🚒 fire'])
  const more = applyDelta(changed, { ...delta({}), n: 5, index: Uint32Array.of(0), add: 2, cols: { key: texts('d', 'e'), name: texts('A', 'D', 'E') } }, 't').table
  assert.deepEqual(read(more.cols.key), ['a', 'b', 'c', 'd', 'e'])
  assert.deepEqual(read(more.cols.name), ['A', '火警', '🚒 fire', 'D', 'E'])
  assert.deepEqual(read(changed.cols.name), ['积水', '火警', '🚒 fire'], 'the table before has its own rows')
  const less = applyDelta(more, { ...delta({}), n: 4, drop: Uint32Array.of(0, 3), index: Uint32Array.of(2), add: 1, cols: { key: texts('f'), name: texts('EE', 'F') } }, 't').table
  assert.deepEqual(read(less.cols.key), ['b', 'c', 'e', 'f'])
  assert.deepEqual(read(less.cols.name), ['火警', '🚒 fire', 'EE', 'F'])
})
