// Names stand on nothing else, in their own area, and where they stand follows from the picture alone.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Box, type Name, nameSize, nameSizes, placed } from '../src/map/names'

const anywhere = () => true
const name = (id: string, x: number, y: number, within: Name['within'] = anywhere): Name => ({ id, x, y, width: 60, height: 20, within })
const boxOf = ([x, y]: [number, number]): Box => [x - 30, y - 10, x + 30, y + 10]
const overlap = (a: Box, b: Box) => a[0] < b[2] && a[2] > b[0] && a[1] < b[3] && a[3] > b[1]
const pin = (x: number, y: number, size = 26): Box => [x - size / 2, y - size / 2, x + size / 2, y + size / 2]

test('a name with nothing near stands at its own point', () => {
  assert.deepEqual(placed([name('a', 100, 100)], []).get('a'), [100, 100])
})

test('a name moves off the pin that it would cover, no further than it must', () => {
  const found = placed([name('a', 100, 100)], [pin(100, 100)]).get('a')!
  assert.ok(!overlap(boxOf(found), pin(100, 100)))
  assert.ok(Math.hypot(found[0] - 100, found[1] - 100) < 40)
})

test('in a crowd no name lies on another or on a pin', () => {
  let seed = 7
  const random = () => (seed = (seed * 16_807) % 2_147_483_647) / 2_147_483_647
  for (let round = 0; round < 30; round++) {
    const names = Array.from({ length: 40 }, (_, i) => name(`n${i}`, random() * 900, random() * 600))
    const pins = Array.from({ length: 60 }, () => pin(random() * 900, random() * 600))
    const found = [...placed(names, pins).values()]
    assert.ok(found.length > 20)
    found.forEach((a, i) => {
      for (const box of pins) assert.ok(!overlap(boxOf(a), box))
      for (const b of found.slice(i + 1)) assert.ok(!overlap(boxOf(a), boxOf(b)))
    })
  }
})

test('the order of pins changes nothing, and asking again changes nothing', () => {
  const names = [name('a', 100, 100), name('b', 120, 105), name('c', 90, 130)]
  const pins = [pin(100, 100), pin(130, 100), pin(95, 140), pin(160, 90)]
  const once = placed(names, pins)
  assert.deepEqual(placed(names, [...pins].reverse()), once)
  assert.deepEqual(placed(names, pins), once)
})

test('a name never leaves its area: where that is full it is left out', () => {
  const own = (x: number, y: number) => x > 60 && x < 140 && y > 90 && y < 110
  const found = placed([name('a', 100, 100, own)], [pin(100, 100, 60)])
  assert.equal(found.has('a'), false)
  const roomy = placed([name('a', 100, 100, (_, y) => y > 100)], [pin(100, 100)]).get('a')!
  assert.ok(roomy[1] > 100)
})

test('a tall column is gone around where there is room, and covered where there is none', () => {
  const column: Box = [90, 40, 110, 105]
  const around = placed([name('a', 100, 100)], [], [column]).get('a')!
  assert.ok(!overlap(boxOf(around), column))
  const held = placed([name('a', 100, 100, (x, y) => Math.hypot(x - 100, y - 100) < 8)], [], [column]).get('a')
  assert.deepEqual(held, [100, 100])
})

test('who comes first has the choice', () => {
  const [first, second] = [name('big', 100, 100), name('small', 104, 100)]
  assert.deepEqual(placed([first, second], []).get('big'), [100, 100])
  assert.notDeepEqual(placed([first, second], []).get('small'), [104, 100])
})

test('the size of names goes evenly from stop to stop', () => {
  const stops = nameSizes(10, 1.2)
  for (const [zoom, size] of stops) assert.ok(Math.abs(nameSize(10, 1.2, zoom) - size) < 1e-9)
  assert.ok(Math.abs(nameSize(10, 1, 10) - 13) < 1e-9)
  assert.equal(nameSize(10, 1, 3), 12)
  assert.equal(nameSize(10, 1, 18), 16)
})

test('a box that is none of a picture is in nobody\'s way and costs nothing', () => {
  const names: Name[] = [{ id: 'a', x: 100, y: 100, width: 60, height: 20, within: () => true }]
  for (const far of [[-1e9, -1e9, 1e9, 1e9], [Number.NEGATIVE_INFINITY, 0, 10, 10], [Number.NaN, 0, 10, 10]] as Box[]) {
    assert.deepEqual([...placed(names, [far], [far])], [['a', [100, 100]]])
  }
})
