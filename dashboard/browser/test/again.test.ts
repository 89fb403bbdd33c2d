import assert from 'node:assert/strict'
import { test } from 'node:test'
import '../../assets/40-again.js'

type Body = Record<string, unknown>
type Again = { body: (path: string, body: Body) => Body; answered: (path: string, sent: Body, status?: number) => void }
const again = (globalThis as unknown as { gridcommandAgain: (key: () => string, now: () => number) => Again }).gridcommandAgain

function desk() {
  let n = 0
  const clock = { ms: 0 }
  return { clock, sent: again(() => `k${++n}`, () => clock.ms) }
}
const OPEN = { category: '0307', severity: 2, title: 'water', actor: 'desk 1' }

test('a command whose answer was lost is given again with its key', () => {
  for (const status of [undefined, 503, 500]) {
    const { sent } = desk()
    const first = sent.body('/incidents', OPEN)
    sent.answered('/incidents', first, status)
    assert.deepEqual(sent.body('/incidents', OPEN), first)
  }
})

test('a command that was answered, done or refused, has a new key the next time', () => {
  for (const status of [200, 400, 409]) {
    const { sent } = desk()
    const first = sent.body('/incidents', OPEN)
    sent.answered('/incidents', first, undefined)
    sent.answered('/incidents', sent.body('/incidents', OPEN), status)
    assert.notEqual(sent.body('/incidents', OPEN)['key'], first['key'])
  }
})

test('another command, or the same much later, has a key of its own', () => {
  const { clock, sent } = desk()
  const first = sent.body('/incidents', OPEN)
  sent.answered('/incidents', first, undefined)
  assert.notEqual(sent.body('/incidents', { ...OPEN, title: 'smoke' })['key'], first['key'])
  assert.notEqual(sent.body('/incidents/X/close', OPEN)['key'], first['key'])
  clock.ms = 11 * 60 * 1000
  assert.notEqual(sent.body('/incidents', OPEN)['key'], first['key'])
})

test('units sent again go as they were sent, though the screen shows another version and order by now', () => {
  const { sent } = desk()
  const asked = { units: ['E07'], expected: 7, recommended: [{ unit: 'E07', travel_s: 90 }], basis: 'road' }
  const first = sent.body('/incidents/X/dispatch', asked)
  sent.answered('/incidents/X/dispatch', first, 503)
  assert.deepEqual(sent.body('/incidents/X/dispatch', { ...asked, expected: 9, recommended: [] }), first)
})
