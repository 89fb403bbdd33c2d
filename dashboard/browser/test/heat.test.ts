import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cellToBoundary, gridDisk, latLngToCell } from 'h3-js'
import { HeatModel, sixCorners, toCommon } from '../src/layers/heat-model'
import type { Table } from '../src/tables'

function tableOf(cells: string[], values: number[], res = 8): Table {
  return { n: cells.length, meta: { res, max: Math.max(...values), total: 0, measure: 'reported' }, cols: { key: BigUint64Array.from(cells, (c) => BigInt(`0x${c}`)), value: Float32Array.from(values) } }
}

const cells = gridDisk(latLngToCell(33, 120.6, 8), 12).sort()
const values = cells.map((_, i) => i % 7)

test('a snapshot places every cell, and a point finds its row', () => {
  const model = new HeatModel()
  model.update(tableOf(cells, values), { rows: null }, 1000)
  assert.equal(model.n, cells.length)
  const row = model.rowAt(120.6, 33)
  assert.equal(model.keys[row], BigInt(`0x${latLngToCell(33, 120.6, 8)}`))
  // Corners are drawn at 88 % around the middle, relative to the anchor.
  const six = (cellToBoundary(latLngToCell(33, 120.6, 8)) as [number, number][]).map(([lat, lng]) => toCommon(lng, lat))
  const middle = six.reduce((sum, p) => [sum[0]! + p[0] / 6, sum[1]! + p[1] / 6], [0, 0])
  six.forEach((p, k) => {
    for (const axis of [0, 1]) {
      const expected = middle[axis]! + (p[axis]! - middle[axis]!) * 0.88 - model.anchor[axis]!
      assert.ok(Math.abs(model.corners[row * 12 + k * 2 + axis]! - expected) < 1e-8, `corner ${k}`)
    }
  })
})

test('a delta dirties only the rows of the texture that hold its cells', () => {
  const model = new HeatModel()
  const many = gridDisk(latLngToCell(33, 120.6, 9), 30).sort()
  const table = tableOf(many, many.map(() => 1), 9)
  model.update(table, { rows: null }, 0)
  model.takeDirty()
  ;(table.cols.value as Float32Array)[300] = 5
  ;(table.cols.value as Float32Array)[1500] = 6
  model.update(table, { rows: Uint32Array.of(300, 1500) }, 1000)
  assert.deepEqual(model.takeDirty(), [[1, 1], [5, 1]])
  assert.deepEqual(model.takeDirty(), [])
})

test('a value moves smoothly from what is shown to what is new, and a second change starts where the first stands', () => {
  const model = new HeatModel()
  const table = tableOf(cells, values)
  model.update(table, { rows: null }, 0)
  const set = (value: number, now: number) => {
    ;(table.cols.value as Float32Array)[3] = value
    model.update(table, { rows: Uint32Array.of(3) }, now)
  }
  set(100, 10_000)
  assert.equal(model.shown(3, 10_000), values[3])
  const middle = model.shown(3, 10_200)
  assert.ok(middle > values[3]! && middle < 100)
  set(0, 10_200)
  assert.ok(Math.abs(model.shown(3, 10_200) - middle) < 1e-3)
  assert.equal(model.shown(3, 11_000), 0)
})

test('without transitions a value is there at once', () => {
  const model = new HeatModel()
  model.transition = 0
  const table = tableOf(cells, values)
  model.update(table, { rows: null }, 0)
  assert.equal(model.shown(5, 0), values[5])
  assert.equal(model.busyUntil, 0)
})

test('a new set of cells keeps the place and the height of those that stay', () => {
  const model = new HeatModel()
  model.update(tableOf(cells, values), { rows: null }, 0)
  const before = model.row(BigInt(`0x${cells[20]!}`))
  const corners = model.corners.slice(before * 12, before * 12 + 12)
  model.update(tableOf(cells.slice(10), values.slice(10).map((v) => v + 1)), { rows: null }, 5_000)
  const row = model.row(BigInt(`0x${cells[20]!}`))
  assert.equal(row, before - 10)
  assert.deepEqual(model.corners.slice(row * 12, row * 12 + 12), corners)
  assert.equal(model.shown(row, 5_000), values[20])
  assert.equal(model.shown(row, 6_000), values[20]! + 1)
})

test('an empty frame empties the model', () => {
  const model = new HeatModel()
  model.update(tableOf(cells, values), { rows: null }, 0)
  model.update({ n: 0, meta: { res: 8, max: 0 }, cols: { key: new BigUint64Array(), value: new Float32Array() } }, { rows: null }, 0)
  assert.equal(model.n, 0)
  assert.equal(model.rowAt(120.6, 33), -1)
})

test('pentagons and cells on an edge of the icosahedron become six corners', () => {
  assert.equal(sixCorners('8009fffffffffff').length, 6)
  assert.equal(sixCorners('81083ffffffffff').length, 6)
  const all = gridDisk('85080003fffffff', 2)
  for (const cell of all) assert.equal(sixCorners(cell).length, 6)
})
