import assert from 'node:assert/strict'
import { test } from 'node:test'
import { WebMercatorViewport } from '@deck.gl/core'
import { cluster, fan, type Pin } from '../src/layers/cluster'
import { Pins, projected, urgency } from '../src/layers/pins'
import type { Table } from '../src/tables'

/** Numbers in [0, 1) that are the same in every run. */
function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

/** The rule as it is said: every pin against all that stand. */
function slowly(order: number[], x: number[], y: number[], size: number): Pin[] {
  const pins: Pin[] = []
  for (const row of order) {
    const near = pins
      .map((pin, i) => ({ pin, i, dx: x[pin.row]! - x[row]!, dy: y[pin.row]! - y[row]! }))
      .filter(({ dx, dy }) => Math.abs(dx) < size && Math.abs(dy) < size)
      .sort((a, b) => a.dx ** 2 + a.dy ** 2 - b.dx ** 2 - b.dy ** 2 || a.i - b.i)
    if (near.length) near[0]!.pin.rows.push(row)
    else pins.push({ row, rows: [row] })
  }
  return pins
}

test('pins are those of the obvious way, whatever the crowd, and no two squares overlap', () => {
  for (let seed = 1; seed <= 60; seed++) {
    const next = random(seed)
    const n = 1 + Math.floor(next() * 400)
    const wide = 20 + next() * 2000
    // Whole pixels now and then: many are equally near and on the edge of a square.
    const place = () => (seed % 3 ? (next() - 0.3) * wide : Math.round((next() - 0.3) * wide))
    const x = Array.from({ length: n }, place)
    const y = Array.from({ length: n }, place)
    const order = Array.from({ length: n }, (_, i) => i).sort((a, b) => ((a * 7919) % 131) - ((b * 7919) % 131) || a - b)
    const size = [18, 26, 33.5][seed % 3]!
    const pins = cluster(order, x, y, size)
    assert.deepEqual(pins, slowly(order, x, y, size), `seed ${seed}`)
    assert.deepEqual(pins.flatMap((pin) => pin.rows).sort((a, b) => a - b), [...order].sort((a, b) => a - b))
    for (const a of pins) for (const b of pins) if (a !== b) assert.ok(Math.abs(x[a.row]! - x[b.row]!) >= size || Math.abs(y[a.row]! - y[b.row]!) >= size)
  }
})

test('what has no place on the picture has no pin', () => {
  assert.deepEqual(cluster([0, 1, 2, 3], [5, Number.NaN, 1e300, 6], [5, 5, 5, 5], 30), [{ row: 0, rows: [0, 3] }])
})

test('a fan holds everybody, nobody nearer than asked for to another', () => {
  for (const n of [1, 2, 7, 8, 40, 300]) {
    const spots = fan(n, 34)
    assert.equal(spots.length, n)
    spots.forEach(([x, y], i) => {
      assert.ok(Math.hypot(x, y) >= 34)
      for (const [u, v] of spots.slice(0, i)) assert.ok(Math.hypot(x - u, y - v) >= 34 - 1e-9)
    })
  }
})

function tableOf(rows: [id: string, lon: number, lat: number, severity: number, state: number][]): Table {
  const of = (i: number) => rows.map((row) => row[i] as number)
  return { n: rows.length, meta: {}, cols: { key: rows.map((row) => row[0]), lon: Float64Array.from(of(1)), lat: Float64Array.from(of(2)), severity: Uint8Array.from(of(3)), state: Uint8Array.from(of(4)) } }
}
const view = (zoom: number, pitch = 0) => new WebMercatorViewport({ longitude: 120, latitude: 33, zoom, pitch, bearing: 0, width: 1000, height: 700 })
const look = { pinned: () => true, size: 30, step: '', selected: '', moving: false }
const SCENE = tableOf([
  ['a', 120, 33, 3, 0],
  ['b', 120.0001, 33, 1, 3],
  ['c', 120.0001, 33.0001, 2, 1],
  ['d', 120.02, 33, 4, 0],
  ['e', 120, 33, 2, 0],
])

test('the most urgent that is under way stands for the rest, and what is selected stands by itself', () => {
  assert.deepEqual([...urgency(SCENE)], [2, 4, 0, 3, 1])
  const pins = new Pins()
  pins.update(SCENE)
  assert.deepEqual(pins.look(view(13), look).map((pin) => pin.rows), [[3], [2, 4, 0, 1]])
  assert.deepEqual(pins.look(view(13), { ...look, selected: 'c' }).map((pin) => pin.rows), [[3], [4, 0, 1], [2]])
  assert.deepEqual(pins.look(view(13), { ...look, step: 'x', pinned: (row) => row !== 3 }).map((pin) => pin.row), [2])
  assert.equal(pins.of('b')!.row, 2)
})

test('pins keep while the camera flies, and are looked at anew every half level of zoom and at rest', () => {
  const pins = new Pins()
  pins.update(SCENE)
  const first = pins.look(view(13), look)
  assert.equal(pins.look(view(13), look), first)
  assert.equal(pins.look(view(13.4), { ...look, moving: true }), first)
  assert.notEqual(pins.look(view(13.6), { ...look, moving: true }), first)
  assert.notEqual(pins.look(view(13.4), look), first)
  assert.deepEqual(pins.look(view(19), look).map((pin) => pin.rows.length), [1, 1, 2, 1])
})

test('those of one place are fanned out where they are picked one by one, others are worth going near', () => {
  const pins = new Pins()
  pins.update(tableOf([['a', 120, 33, 2, 0], ['b', 120, 33, 2, 0], ['c', 120, 33, 3, 0], ['d', 120.01, 33, 1, 0]]))
  const camera = view(11, 40)
  const stack = pins.look(camera, look).find((pin) => pin.row === 3)!
  assert.equal(stack.rows.length, 4)
  assert.deepEqual(pins.extent(stack, 30, 11), [120, 33, 120.01, 33])
  const near = view(15, 40)
  const place = pins.look(near, look).find((pin) => pin.row === 0)!
  assert.equal(pins.extent(place, 30, 15), null)
  assert.equal(pins.extent(stack, 30, 17), null)
  pins.open(place, 15)
  const open = pins.look(near, look)
  assert.deepEqual(open.filter((pin) => pin.from).map((pin) => pin.row), [0, 1, 2])
  const project = (lon: number, lat: number) => near.project([lon, lat]) as [number, number]
  for (const pin of open) {
    const [x, y] = project(pin.lon, pin.lat)
    assert.equal(open[pins.at(project, x + 3, y - 3, 15, () => 12)], pin)
  }
  assert.ok(pins.look(view(15.7, 40), look).every((pin) => !pin.from), 'another zoom folds it')
})

test('places are projected as deck.gl does it, and none behind the camera', () => {
  const camera = new WebMercatorViewport({ longitude: 120, latitude: 33, zoom: 14, pitch: 65, bearing: 30, width: 1000, height: 700 })
  const lon = [120, 120.01, 119.99, 120]
  const lat = [33, 33.004, 33.002, 32.5]
  const { x, y } = projected(camera, lon, lat)
  for (let i = 0; i < 3; i++) {
    const [u, v] = camera.project([lon[i]!, lat[i]!]) as [number, number]
    assert.ok(Math.hypot(x[i]! - u, y[i]! - v) < 1e-6)
  }
  assert.ok(Number.isNaN(x[3]!))
})
