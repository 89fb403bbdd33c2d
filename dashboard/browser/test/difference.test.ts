import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DIFFERENCE_STOPS, differenceAt, differenceLegend, signed } from '../src/layers/difference'
import { HeatModel } from '../src/layers/heat-model'
import type { Table } from '../src/tables'

const KEYS = new BigUint64Array([0x8828308281ffffn, 0x8828308283ffffn, 0x8828308285ffffn].map((key) => (key << 8n) | 0x7fn | 0x80n))

function heat(value: number[], before?: number[]): Table {
  const cols = { key: KEYS.slice(), value: new Float32Array(value), ...(before ? { before: new Float32Array(before) } : {}) }
  return { n: 3, meta: { res: 8, measure: 'reported', max: Math.max(...value), total: 0, ...(before ? { most: 5 } : {}) }, cols }
}

test('a heat that is compared draws differences and keeps both figures', () => {
  const model = new HeatModel()
  model.transition = 0
  model.update(heat([7, 2, 4], [2, 5, 4]), { rows: null }, 0)
  assert.deepEqual([0, 1, 2].map((row) => model.value(row)), [5, -3, 0])
  assert.deepEqual([model.compared, model.max], [true, 5])
  assert.deepEqual(model.figures(1), { count: 2, before: 5 })
  model.update(heat([7, 6, 4], [2, 5, 4]), { rows: new Uint32Array([1]) }, 1)
  assert.equal(model.value(1), 1)
  model.update(heat([7, 6, 4]), { rows: null }, 2)
  assert.deepEqual([model.compared, model.max, model.value(0), model.figures(0).count], [false, 7, 7, 7])
  assert.ok(Number.isNaN(model.figures(0).before))
})

test('where there is nothing to compare with nothing is drawn', () => {
  const model = new HeatModel()
  model.update(heat([7, 2, 4], [Number.NaN, Number.NaN, Number.NaN]), { rows: null }, 0)
  assert.deepEqual([0, 1, 2].map((row) => model.value(row)), [0, 0, 0])
})

test('a difference has its sign, and its place on a scale that grows evenly to both sides', () => {
  assert.deepEqual([12, -3, 0, Number.NaN].map(signed), ['+12', '−3', '±0', ''])
  const places = DIFFERENCE_STOPS.map(differenceAt)
  assert.deepEqual(places, [...places].sort((a, b) => a - b))
  for (const t of [0.1, 0.5, 1]) assert.ok(Math.abs(differenceAt(t) + differenceAt(-t) - 1) < 1e-12)
  const stops = differenceLegend('cell', 8, 8, String).stops as { t: number; value: number }[]
  assert.deepEqual([stops[0]!.value, stops[4]!.value, stops[8]!.value], [-8, 0, 8])
})
