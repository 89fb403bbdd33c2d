import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { clockOf, words } from '../src/map/words'

// The tests run in dashboard/browser.
const read = (...path: string[]): string => readFileSync(join(process.cwd(), '..', ...path), 'utf8')
const pages = read('words', 'things.toml')
const shared = read('..', 'dispatch', 'names.toml')

function said(key: string, file = pages): [string, string] {
  const found = new RegExp(`^"${key.replace('.', '\\.')}" = \\["([^"]*)", "([^"]*)"\\]`, 'm').exec(file)
  assert.ok(found, `${key} in the files of words`)
  return [found[1]!, found[2]!]
}
const capital = ([zh, en]: [string, string]): [string, string] => [zh, en[0]!.toUpperCase() + en.slice(1)]

test('the map calls priorities and states what the panels call them', () => {
  const [zh, en] = [words('zh'), words('en')]
  for (let n = 1; n <= 4; n++) assert.deepEqual([zh.severity[n], en.severity[n]], said(`severity.${n}`))
  for (const [i, code] of ['open', 'dispatched', 'on_scene', 'closed'].entries()) assert.deepEqual([zh.state[i], en.state[i]], said(`state.${code}`))
  for (const [i, code] of ['available', 'dispatched', 'en_route', 'on_scene', 'leaving', 'out_of_service'].entries()) {
    assert.deepEqual([zh.unit[i], en.unit[i]], capital(said(`status.${code}`, shared)))
  }
})

test('a time is said in the zone that is asked for', () => {
  const at = Date.UTC(2026, 0, 2, 18, 5)
  assert.equal(clockOf(at, 'Asia/Shanghai'), '02:05')
  assert.equal(clockOf(at, 'America/New_York'), '13:05')
  assert.equal(clockOf(Date.UTC(2026, 0, 2, 0, 5), 'UTC'), '00:05')
  assert.match(clockOf(at, 'No/Such'), /^\d\d:\d\d$/)
})
