import assert from 'node:assert/strict'
import { test } from 'node:test'
import { drawingOrder, nearest } from '../src/layers/points'
import type { Table } from '../src/tables'

const at = (points: [number, number, number][]): Table => ({
  n: points.length,
  meta: {},
  cols: { key: points.map((_, i) => `I${i}`), lon: Float64Array.from(points, (p) => p[0]), lat: Float64Array.from(points, (p) => p[1]), severity: Uint8Array.from(points, (p) => p[2]) },
})
const flat = (lon: number, lat: number): [number, number] => [lon, lat]
const all = () => true
const pick = (table: Table, x: number, y: number) => {
  const severity = table.cols.severity as Uint8Array
  return nearest(table, flat, x, y, 15, all, { radius: () => 8, rank: (row) => severity[row]! })
}

test('of symbols that cover the pointer the most urgent is meant, wherever its row stands', () => {
  assert.equal(pick(at([[100, 100, 1], [102, 100, 3], [103, 100, 2]]), 103, 100), 0)
  assert.equal(pick(at([[102, 100, 3], [103, 100, 2], [100, 100, 1]]), 103, 100), 2)
})

test('a symbol under the pointer goes before a more urgent one beside it', () => {
  assert.equal(pick(at([[112, 100, 1], [100, 100, 4]]), 101, 100), 1)
})

test('beside all symbols the nearest within reach is meant, and beyond it none', () => {
  assert.equal(pick(at([[114, 100, 1], [90, 100, 4]]), 100, 100), 1)
  assert.equal(pick(at([[120, 100, 1]]), 100, 100), -1)
  assert.equal(nearest(at([[100, 100, 1], [103, 100, 1]]), flat, 104, 100, 15, all), 1)
})

test('of equals at one place the later row is meant: it is drawn on top', () => {
  assert.equal(pick(at([[100, 100, 2], [100, 100, 2]]), 101, 100), 1)
})

test('the most urgent are drawn last', () => {
  assert.deepEqual(drawingOrder(at([[0, 0, 1], [0, 0, 4], [0, 0, 2], [0, 0, 1], [0, 0, 3]])), [1, 4, 2, 0, 3])
})
