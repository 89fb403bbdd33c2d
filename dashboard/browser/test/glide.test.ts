import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Glide, LONGEST_MS, SHORTEST_MS } from '../src/layers/glide'
import type { Table } from '../src/tables'

function table(rows: Record<string, [lon: number, lat: number, at: number]>): Table {
  const all = Object.values(rows)
  const column = (i: number) => Float64Array.from(all, (row) => row[i]!)
  return { n: all.length, meta: {}, cols: { key: Object.keys(rows), lon: column(0), lat: column(1), at: column(2) } }
}

test('a unit that was never seen is where it is', () => {
  const glide = new Glide()
  glide.update(table({ a: [120, 30, 1000] }), 0, true)
  assert.deepEqual([glide.lon[0], glide.lat[0], glide.moving(0), glide.due(500)], [120, 30, false, 0])
})

test('it takes the time between two fixes from one to the other, and then rests', () => {
  const glide = new Glide()
  glide.update(table({ a: [120, 30, 1000], b: [121, 31, 1000] }), 0, true)
  glide.update(table({ a: [120.004, 30.002, 3000], b: [121, 31, 1000] }), 5000, true)
  assert.equal(glide.lon[0], 120)
  assert.ok(Math.abs(glide.due(6000) - 0.002) < 1e-9)
  assert.ok(Math.abs(glide.step(6000) - 0.002) < 1e-9)
  assert.ok(Math.abs(glide.lon[0]! - 120.002) < 1e-9 && Math.abs(glide.lat[0]! - 30.001) < 1e-9)
  assert.deepEqual([glide.lon[1], glide.lat[1]], [121, 31])
  assert.equal(glide.moving(6999), true)
  glide.step(7000)
  assert.deepEqual([glide.lon[0], glide.lat[0]], [120.004, 30.002])
  assert.deepEqual([glide.moving(7000), glide.due(9000)], [false, 0])
})

test('a fix on the way bends the way from where the unit is seen, whatever row it stands in then', () => {
  const glide = new Glide()
  glide.update(table({ a: [120, 30, 0] }), 0, true)
  glide.update(table({ a: [120.002, 30, 2000] }), 0, true)
  glide.update(table({ z: [119, 29, 0], a: [120.002, 30.002, 4000] }), 1000, true)
  assert.deepEqual([glide.lon[0], glide.lat[0]], [119, 29])
  assert.ok(Math.abs(glide.lon[1]! - 120.001) < 1e-9 && glide.lat[1] === 30)
  glide.step(2000)
  assert.ok(Math.abs(glide.lon[1]! - 120.0015) < 1e-9 && Math.abs(glide.lat[1]! - 30.001) < 1e-9)
})

test('fixes long or shortly apart are bounded, and nobody glides across the district', () => {
  const glide = new Glide()
  const start = { a: [120, 30, 0], b: [120, 30, 0], c: [120, 30, 0] } as Record<string, [number, number, number]>
  glide.update(table(start), 0, true)
  glide.update(table({ a: [120.001, 30, 60_000], b: [120.001, 30, 1], c: [121, 30, 3000] }), 0, true)
  assert.equal(glide.lon[2], 121)
  glide.step(SHORTEST_MS)
  assert.equal(glide.lon[1], 120.001)
  glide.step(LONGEST_MS - 1)
  assert.ok(glide.lon[0]! < 120.001)
  glide.step(LONGEST_MS)
  assert.equal(glide.lon[0], 120.001)
})

test('without smoothness every fix is shown at once, also in the middle of a glide', () => {
  const glide = new Glide()
  glide.update(table({ a: [120, 30, 0] }), 0, true)
  glide.update(table({ a: [120.002, 30, 2000] }), 0, true)
  glide.update(table({ a: [120.002, 30, 2000] }), 500, false)
  assert.deepEqual([glide.lon[0], glide.due(600)], [120.002, 0])
})
