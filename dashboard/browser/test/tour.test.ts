import assert from 'node:assert/strict'
import { test } from 'node:test'
import '../../assets/36-tour.js'

type Row = { code: string; count: number; before: number; open: number; silent?: number }
type Stop = { code: string; why: string; row: Row; town?: Row }
type Event = { id: string; severity: number; state: string; area: string | null; opened: number }
type Tour = {
  stops: (ranking: Row[], comparable?: boolean) => Stop[]
  within: (ranking: Row[], town: Row) => Stop | null
  critical: (ticker: Event[], now: number, young: number, ms: (t: number) => number) => Event | null
}
const tour = (globalThis as unknown as { gridcommandTour: Tour }).gridcommandTour
const row = (code: string, count: number, before: number, open: number, silent = 0): Row => ({ code, count, before, open, silent })
const said = (stops: Stop[]) => stops.map((it) => `${it.code}:${it.why}`)

test('a tour goes where most was reported, where it rose most, where most waits, where nothing is heard', () => {
  const ranking = [row('a', 90, 95, 10), row('b', 60, 20, 12), row('c', 30, 28, 40), row('d', 2, 2, 0, 3)]
  assert.deepEqual(said(tour.stops(ranking)), ['a:busiest', 'b:risen', 'c:waiting', 'd:silent'])
})

test('each place is visited once, for its first reason', () => {
  assert.deepEqual(said(tour.stops([row('a', 90, 10, 50), row('b', 10, 10, 4)])), ['a:busiest'])
})

test('a rise that is small, or cannot be known, is no reason', () => {
  assert.deepEqual(said(tour.stops([row('a', 50, 50, 0), row('b', 12, 10, 0)])), ['a:busiest'])
  assert.deepEqual(said(tour.stops([row('a', 50, 50, 0), row('b', 40, 38, 0)])), ['a:busiest'])
  assert.deepEqual(said(tour.stops([row('a', 50, 50, 0), row('b', 40, 0, 0)], false)), ['a:busiest'])
})

test('where nothing was reported there is nowhere to go', () => {
  assert.deepEqual(tour.stops([row('a', 0, 0, 0), row('b', 0, 0, 0)]), [])
  assert.equal(tour.within([], row('a', 1, 1, 1)), null)
  assert.equal(tour.within([row('x', 3, 0, 0), row('y', 5, 0, 0)], row('a', 8, 1, 1))?.code, 'y')
})

test('a new critical incident that is open and has a place goes before everything', () => {
  const event = (id: string, changes: Partial<Event> = {}): Event => ({ id, severity: 1, state: 'open', area: 'a', opened: 1000, ...changes })
  const ms = (t: number) => t
  assert.equal(tour.critical([event('x', { severity: 2 }), event('y')], 1500, 1000, ms)?.id, 'y')
  assert.equal(tour.critical([event('x', { opened: 100 })], 1500, 1000, ms), null)
  assert.equal(tour.critical([event('x', { state: 'closed' }), event('y', { area: null })], 1500, 1000, ms), null)
})
