import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UnitRows } from '../src/layers/unit-rows'
import type { Table } from '../src/tables'

const table = (...units: [string, number, number][]): Table =>
  ({ n: units.length, meta: {}, cols: { key: units.map((it) => it[0]), status: Uint8Array.from(units, (it) => it[1]), at: Float64Array.from(units, () => 5), lon: Float64Array.from(units, (it) => it[2]), lat: Float64Array.from(units, () => 35) } }) as unknown as Table

test('a unit is told when its status changes, not when it moves', () => {
  const rows = new UnitRows()
  assert.deepEqual(rows.changed(table(['E01', 0, 116], ['E02', 5, 116])).map((it) => [it.id, it.status]), [['E01', 'available'], ['E02', 'out_of_service']])
  assert.deepEqual(rows.changed(table(['E01', 0, 117], ['E02', 5, 117])), [])
  assert.deepEqual(rows.changed(table(['E02', 5, 117], ['E01', 2, 118])), [{ id: 'E01', status: 'en_route', at: 5, lon: 118, lat: 35 }])
})
