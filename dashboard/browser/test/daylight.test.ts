// The ground changes with the sun; what lies on it stays readable, and what says something keeps its colour.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Daylight, lit } from '../src/map/daylight'
import { rgb, THEME } from '../src/palette'

const BOX: [number, number, number, number] = [121, 37, 121.4, 37.6]
const HOURS = Array.from({ length: 48 }, (_, i) => Date.UTC(2026, 4, 1) + i * 1_800_000)

function contrast(a: string, b: string): number {
  const luminance = (hex: string) => {
    const [r, g, blue] = rgb(hex).map((c) => (c / 255 <= 0.03928 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4)) as [number, number, number]
    return 0.2126 * r + 0.7152 * g + 0.0722 * blue
  }
  const [x, y] = [luminance(a), luminance(b)]
  return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05)
}

test('names, counts and borders are told from the ground at every hour', () => {
  for (let light = 0; light <= 1; light += 0.05) {
    const land = lit(THEME.land, light)
    assert.ok(contrast(THEME.label, land) >= 4.5, `label at ${light}`)
    assert.ok(contrast(THEME.count, land) >= 4.5, `count at ${light}`)
    assert.ok(contrast(THEME.border, land) >= 3, `border at ${light}: ${contrast(THEME.border, land)}`)
    assert.ok(contrast(THEME.hatch, land) >= 3, `hatch at ${light}`)
  }
})

test('by day the ground is brighter than at night, and between them evenly so', () => {
  const bright = [0, 0.25, 0.5, 0.75, 1].map((light) => rgb(lit(THEME.land, light))[2])
  assert.deepEqual(bright, [...bright].sort((a, b) => a - b))
  assert.ok(bright[4]! > bright[0]!)
})

test('the light is the same for the same moment and place, whatever was seen before', () => {
  const once = HOURS.map((ms) => {
    const it = new Daylight()
    it.look(ms, BOX, true)
    return [it.land(), ...it.direction]
  })
  const walked = new Daylight()
  const again = [...HOURS].reverse().map((ms) => {
    walked.look(ms, BOX, true)
    return [walked.land(), ...walked.direction]
  })
  assert.deepEqual(again.reverse(), once)
  assert.ok(new Set(once.map(([land]) => land)).size > 2)
  for (const [, x, y] of once) assert.ok(Math.abs(Math.hypot(x as number, y as number) - 1) < 1e-9)
})

test('in the morning the light comes from the east, in the evening from the west', () => {
  const at = (hour: number) => {
    const it = new Daylight()
    it.look(Date.UTC(2026, 4, 1, hour), BOX, true)
    return it.direction
  }
  assert.ok(at(0)[0] > 0.5) // eight in the morning there
  assert.ok(at(9)[0] < -0.5)
})

test('switched off, without a moment or without a place the ground is as the theme has it', () => {
  for (const [ms, box, on] of [[HOURS[0]!, BOX, false], [Number.NaN, BOX, true], [HOURS[0]!, null, true]] as const) {
    const it = new Daylight()
    it.look(ms, box as never, on)
    assert.equal(it.land(), THEME.land)
    assert.equal(it.told, null)
  }
  const it = new Daylight()
  assert.equal(it.look(HOURS[0]!, BOX, true), true)
  assert.equal(it.look(HOURS[0]! + 10_000, BOX, true), false)
  assert.equal(it.look(HOURS[0]!, BOX, false), true)
  assert.equal(it.told, null)
})
