// The sun against published values: Meeus' worked examples, and rise and set as almanacs print them.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { day, daylight, orbit, phase, position } from '../src/map/sun'

const MINUTE = 60_000

test('declination and equation of time of the worked example (Meeus, examples 25.a and 28.b: 1992 October 13, 0 h)', () => {
  const { declination, equation } = orbit(Date.UTC(1992, 9, 13))
  assert.ok(Math.abs(declination - -7.78507) < 0.001, String(declination))
  assert.ok(Math.abs(equation - (13 + 42.7 / 60)) < 0.02, String(equation))
})

// City, place, UTC date, sunrise and sunset in UTC as almanacs print them, to the minute.
const PRINTED = [
  ['London', -0.1276, 51.5072, [2024, 5, 21], '03:43', '20:21'],
  ['London', -0.1276, 51.5072, [2024, 11, 21], '08:04', '15:54'],
  ['New York', -74.006, 40.7128, [2024, 11, 21], '12:17', '21:32'],
  ['Beijing', 116.4074, 39.9042, [2024, 5, 21], '20:46', '11:46'],
  ['Sydney', 151.2093, -33.8688, [2024, 11, 21], '18:41', '09:05'],
] as const

test('rise and set are those that almanacs print', () => {
  for (const [city, lon, lat, [year, month, date], rise, set] of PRINTED) {
    const noon = Date.UTC(year, month, date, 12) - lon * 4 * MINUTE
    const found = day(noon, lon, lat)!
    for (const [what, ms, text] of [['rise', found.rise, rise], ['set', found.set, set]] as const) {
      const [hours, minutes] = text.split(':').map(Number) as [number, number]
      const apart = ((ms / MINUTE - hours * 60 - minutes + 720 + 1440 * 1e6) % 1440) - 720
      assert.ok(Math.abs(apart) <= 1.5, `${city} ${what}: ${new Date(ms).toISOString()}, printed ${text}`)
    }
    assert.ok(found.rise < noon && noon < found.set)
  }
})

test('at rise and set the sun stands at the horizon, at noon in the south', () => {
  const [lon, lat] = [121.2, 37.3]
  const noon = Date.UTC(2026, 4, 1, 4)
  const { rise, set } = day(noon, lon, lat)!
  for (const ms of [rise, set]) assert.ok(Math.abs(position(ms, lon, lat).elevation - -0.833) < 0.02)
  const highest = position((rise + set) / 2, lon, lat)
  assert.ok(Math.abs(highest.azimuth - 180) < 1)
  assert.ok(Math.abs(highest.elevation - (90 - lat + orbit(noon).declination)) < 0.05)
  assert.ok(position(rise, lon, lat).azimuth < 90 && position(set, lon, lat).azimuth > 270)
})

test('the day is the one around the nearest noon, whatever the hour that is asked', () => {
  const [lon, lat] = [121.2, 37.3]
  const noon = Date.UTC(2026, 4, 1, 4)
  const all = [-10, -6, 0, 6, 10].map((hours) => day(noon + hours * 60 * MINUTE, lon, lat)!)
  for (const it of all) assert.ok(Math.abs(it.rise - all[0]!.rise) < 1000 && Math.abs(it.set - all[0]!.set) < 1000)
})

test('beyond the polar circle there are days without rise or set', () => {
  assert.equal(day(Date.UTC(2024, 5, 21, 12), 18.95, 69.65), null)
  assert.equal(day(Date.UTC(2024, 11, 21, 12), 18.95, 69.65), null)
})

test('phases change at the horizon and at the end of civil twilight, and the light between them evenly', () => {
  assert.deepEqual([30, -0.8, -0.9, -5.9, -6.1].map(phase), ['day', 'day', 'twilight', 'twilight', 'night'])
  assert.deepEqual([-40, -6, 0, 6, 60].map(daylight), [0, 0, 0.5, 1, 1])
  const steps = Array.from({ length: 40 }, (_, i) => daylight(-10 + i / 2))
  assert.deepEqual(steps, [...steps].sort((a, b) => a - b))
})
