// The surface over cells: it holds what the cells hold, overshoots nowhere, and is where the cells are.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cellToLatLng, getPentagons, gridDisk, latLngToCell } from 'h3-js'
import { toCommon } from '../src/layers/heat-model'
import { type Cells, Net } from '../src/smooth/net'

const H3: Cells = {
  disk: (cell) => gridDisk(cell, 1),
  middle: (cell) => {
    const [lat, lon] = cellToLatLng(cell)
    return toCommon(lon, lat)
  },
}
const HERE = latLngToCell(37.3, 121.2, 8)
const sum = (values: ArrayLike<number>) => Array.from(values).reduce((a, b) => a + b, 0)

test('the surface holds as many as the cells: each vertex stands for a sixteenth of a cell', () => {
  const cells = gridDisk(HERE, 4)
  const values = cells.map((_, i) => (i * 7919) % 23)
  const heights = new Net(cells, H3).heights(cells, values)
  assert.ok(Math.abs(sum(heights) / 16 - sum(values)) < 1e-3 * sum(values))
})

test('it is never below nothing, never above the largest cell, and nothing at its rim', () => {
  const cells = gridDisk(HERE, 3)
  const net = new Net(cells, H3)
  const heights = net.heights(cells, cells.map((_, i) => (i % 5 ? 0 : 40)))
  assert.ok(Math.min(...heights) >= 0)
  assert.ok(Math.max(...heights) <= 40 && Math.max(...heights) > 5)
  const rim = gridDisk(HERE, 6).filter((cell) => !gridDisk(HERE, 5).includes(cell))
  for (const cell of rim) assert.equal(heights[net.vertex(cell)], 0)
})

test('over equal cells it is flat, and as high as they are', () => {
  const cells = gridDisk(HERE, 6)
  const net = new Net(cells, H3)
  const heights = net.heights(cells, cells.map(() => 12))
  for (const cell of gridDisk(HERE, 3)) assert.ok(Math.abs(heights[net.vertex(cell)]! - 12) < 1e-4)
})

test('one cell makes one hill: highest in its middle, the same to all sides', () => {
  const net = new Net([HERE], H3)
  const heights = net.heights([HERE], [100])
  const top = net.vertex(HERE)
  assert.equal(heights.indexOf(Math.max(...heights)), top)
  const around = gridDisk(HERE, 1).filter((cell) => cell !== HERE).map((cell) => heights[net.vertex(cell)]!)
  assert.ok(Math.max(...around) - Math.min(...around) < 1e-4)
  assert.ok(around[0]! > 0 && around[0]! < heights[top]! / 2)
  const slopes = net.slopes(heights)
  assert.ok(Math.hypot(slopes[top * 2]!, slopes[top * 2 + 1]!) < 0.02 * Math.max(...slopes))
})

test('differences keep their sign, and what rose and fell as much elsewhere makes nothing of the sum', () => {
  const [a, b] = [HERE, latLngToCell(37.4, 121.4, 8)]
  const net = new Net([a, b], H3)
  const heights = net.heights([a, b], [9, -9])
  assert.ok(heights[net.vertex(a)]! > 0 && heights[net.vertex(b)]! < 0)
  assert.ok(Math.abs(sum(heights)) < 1e-3)
})

test('the middles are where the cells are, and triangles turn one way', () => {
  const cells = gridDisk(HERE, 2)
  const net = new Net(cells, H3)
  for (const cell of cells) {
    const [x, y] = H3.middle(cell)
    const at = net.vertex(cell) * 2
    const wide = Math.abs(H3.middle(gridDisk(cell, 1)[1]!)[0] - x) + Math.abs(H3.middle(gridDisk(cell, 1)[1]!)[1] - y)
    assert.ok(Math.hypot(net.places[at]! + net.anchor[0] - x, net.places[at + 1]! + net.anchor[1] - y) < 0.02 * wide)
  }
  const { places, triangles } = net
  for (let i = 0; i < triangles.length; i += 3) {
    const [a, b, c] = [triangles[i]! * 2, triangles[i + 1]! * 2, triangles[i + 2]! * 2]
    assert.ok((places[b]! - places[a]!) * (places[c + 1]! - places[a + 1]!) > (places[c]! - places[a]!) * (places[b + 1]! - places[a + 1]!))
  }
})

test('a pentagon is a cell as another: nothing is lost there', () => {
  const five = getPentagons(8)[0]!
  const heights = new Net([five], H3).heights([five], [60])
  assert.ok(Math.abs(sum(heights) / 16 - 60) < 6) // its hill has five sides, each vertex a little more land
  assert.ok(Math.min(...heights) >= 0)
})

test('a net serves other values of its cells, and knows when a cell lies outside', () => {
  const cells = gridDisk(HERE, 1)
  const net = new Net(cells, H3)
  assert.ok(net.holds(cells.slice(2)))
  assert.ok(!net.holds([...cells, latLngToCell(37.5, 121.2, 8)]))
  const alone = net.heights(cells.slice(0, 1), [5])
  assert.ok(Math.abs(sum(alone) / 16 - 5) < 0.01)
})
