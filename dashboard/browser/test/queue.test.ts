import assert from 'node:assert/strict'
import { test } from 'node:test'
import { channel, type Update } from '../src/bus'
import { Queue, watchQueue } from '../src/layers/queue'
import { Cases, type QueueRow } from '../src/layers/queue-cases'
import type { Names } from '../src/layers/queue-names'
import type { Tab } from '../src/layers/queue-order'
import type { Table } from '../src/tables'
import { BadFrame } from '../src/wire'

type Line = { id: string; seq?: number; due?: number; warn?: number; opened?: number; owner?: number; parent?: number; units?: number; severity?: number; state?: number; paused?: number; title?: string; title_en?: string; area?: string; category?: number; step?: number }

const OWNERS = ['', 'triage', 'roads', 'district']

function table(lines: Line[], owners = OWNERS): Table {
  const f64 = (value: (line: Line) => number) => Float64Array.from(lines, value)
  const u16 = (value: (line: Line) => number) => Uint16Array.from(lines, value)
  const u8 = (value: (line: Line) => number) => Uint8Array.from(lines, value)
  return {
    n: lines.length,
    meta: { categories: ['0307', '0502'], workflows: ['', 'grid-5'], steps: ['', 'assigned', 'verifying'], owners, sources: ['hotline'], clocks: ['', 'accept'], total: 40, shown: lines.length, all: 90 },
    cols: {
      key: lines.map((line) => line.id), title: lines.map((line) => line.title ?? `T ${line.id}`), title_en: lines.map((line) => line.title_en ?? ''), area: lines.map((line) => line.area ?? '370812'),
      severity: u8((line) => line.severity ?? 2), state: u8((line) => line.state ?? 1), category: u16((line) => line.category ?? 0), workflow: u8(() => 1), step: u16((line) => line.step ?? 1), owner: u16((line) => line.owner ?? 2), source: u16(() => 0),
      opened: f64((line) => line.opened ?? 1000), due: f64((line) => line.due ?? NaN), warn: f64((line) => line.warn ?? NaN), original: f64(() => NaN), clock: u16(() => 1), paused: u8((line) => line.paused ?? 0), returns: u8(() => 0),
      units: u8((line) => line.units ?? 0), children: u8(() => 0), parent: u8((line) => line.parent ?? 0), seq: f64((line) => line.seq ?? 1),
    },
  }
}
const cases = (lines: Line[], owners?: string[]) => new Cases(table(lines, owners))

const NAMES: Names = {
  owner: (id) => ({ triage: 'Triage', roads: 'Roads', district: 'District' })[id] ?? id,
  area: (code) => ({ a1: 'North', a2: 'East' })[code] ?? code,
  category: (code) => ({ '0307': 'Refuse', '0502': 'Building fire' })[code] ?? code,
  where: ({ step }) => ({ assigned: 'Assigned', verifying: 'Checking' })[step] ?? step,
  workflow: () => 'Grid',
  severity: (n) => ['', '特急\nCritical', '紧急\nUrgent', '一般\nNormal', '常规\nRoutine'][n]!,
  compare: (a, b) => (a < b ? -1 : a > b ? 1 : 0),
}
const queueOf = (lines: Line[], now = 0) => {
  const queue = new Queue(NAMES)
  queue.take(cases(lines), now)
  return queue
}
const ids = (queue: Queue) => Array.from({ length: queue.n }, (_, place) => queue.id(place))
const NOW = 1_000_000

test('a row is made when it is asked for, with codes as texts and missing moments as null', () => {
  const queue = queueOf([{ id: 'a', due: 5000 }, { id: 'b' }])
  assert.deepEqual(queue.row('a'), {
    id: 'a', severity: 2, state: 'dispatched', category: '0307', workflow: 'grid-5', step: 'assigned', owner: 'roads', source: 'hotline', area: '370812', title: 'T a', title_en: '',
    opened: 1000, due: 5000, warn: null, original: null, clock: 'accept', paused: false, returns: 0, units: 0, children: 0, seq: 1,
  })
  assert.equal(queue.row('b')!.due, null)
  assert.equal(queue.row('c'), undefined)
  assert.deepEqual(queue.told, { total: 40, shown: 2, all: 90 })
  assert.equal(queue.at(0), queue.row(queue.id(0)!))
  assert.equal(queue.at(2), undefined)
})

test('what comes and what leaves is told after the first table, and is new for a while', () => {
  const queue = new Queue(NAMES)
  assert.equal(queue.heard, false)
  assert.deepEqual(queue.take(cases([{ id: 'a' }, { id: 'b' }]), 100), { came: [], left: [] })
  assert.equal(queue.heard, true)
  assert.deepEqual(queue.take(cases([{ id: 'b' }, { id: 'c' }]), 200), { came: ['c'], left: ['a'] })
  assert.deepEqual([queue.isFresh('b', 210, 20), queue.isFresh('c', 210, 20), queue.isFresh('c', 221, 20)], [false, true, false])
  assert.deepEqual([queue.countFresh(250, 60), queue.countFresh(270, 60)], [1, 0])
  assert.deepEqual(queue.take(cases([]), 300), { came: [], left: ['b', 'c'] })
  assert.equal(queue.n, 0)
})

test('a row keeps its object as long as nothing of it changes', () => {
  const queue = queueOf([{ id: 'a' }, { id: 'b' }])
  const [a, b] = [queue.row('a'), queue.row('b')]
  queue.take(cases([{ id: 'a' }, { id: 'b', units: 1 }]), 1)
  assert.equal(queue.row('a'), a)
  assert.notEqual(queue.row('b'), b)
  assert.equal(queue.row('b')!.units, 1)
})

test('values that a delta writes into the same columns are seen', () => {
  const at = table([{ id: 'a' }, { id: 'b' }])
  const queue = new Queue(NAMES)
  queue.take(new Cases(at), 1)
  const before = queue.row('a')
  ;(at.cols.owner as Uint16Array)[0] = 1
  ;(at.cols.seq as Float64Array)[0] = 9
  assert.deepEqual(queue.take(new Cases(at), 2), { came: [], left: [] })
  assert.notEqual(queue.row('a'), before)
  assert.equal(queue.row('a')!.owner, 'triage')
  assert.equal(queue.counts.triage, 1)
})

test('another numbering of the same texts changes no row', () => {
  const queue = queueOf([{ id: 'a', owner: 1 }])
  const before = queue.row('a')
  queue.take(cases([{ id: 'a', owner: 2 }], ['', 'roads', 'triage']), 2)
  assert.equal(queue.row('a'), before)
})

test('what was merged into another leaves, and comes back when it is split off', () => {
  const at = table([{ id: 'a' }, { id: 'b' }])
  const queue = new Queue(NAMES)
  queue.take(new Cases(at), 1)
  ;(at.cols.parent as Uint8Array)[1] = 1 // in place, as a delta of values does it
  assert.deepEqual(queue.take(new Cases(at), 2), { came: [], left: ['b'] })
  assert.deepEqual([ids(queue), queue.counts.open, queue.row('b')], [['a'], 1, undefined])
  assert.deepEqual(queue.take(cases([{ id: 'b', parent: 1 }]), 3), { came: [], left: ['a'] })
  assert.deepEqual(queue.take(cases([{ id: 'b', seq: 3 }]), 4), { came: ['b'], left: [] })
})

test('what needs a hand first stands first', () => {
  const queue = queueOf([
    { id: 'paused', severity: 1, paused: 1 },
    { id: 'rest', due: NOW + 9000, warn: NOW + 5000 },
    { id: 'warning', due: NOW + 9000, warn: NOW },
    { id: 'overdue', due: NOW - 1 },
    { id: 'on time', due: NOW, warn: NOW - 5 },
    { id: 'overdue earlier', due: NOW - 5 },
    { id: 'overdue minor', due: NOW - 50, severity: 3 },
    { id: 'triage', owner: 1 },
    { id: 'urgent', severity: 1, state: 0 },
    { id: 'urgent, sent to', severity: 1, state: 1, units: 1 },
    { id: 'without limit' },
  ], NOW)
  assert.deepEqual(ids(queue), ['urgent', 'overdue earlier', 'overdue', 'triage', 'overdue minor', 'on time', 'warning', 'urgent, sent to', 'rest', 'without limit', 'paused'])
  assert.equal(queue.place('triage'), 3)
  assert.equal(queue.place('nobody'), -1)
})

test('what needs a hand alike stands by its limit to a part of a millisecond, by its age, as it came', () => {
  const random = (seed: number) => () => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647
  const next = random(7)
  const lines = Array.from({ length: 3000 }, (_, i) => ({
    id: `c${i}`, severity: 1 + Math.floor(next() * 4), due: next() < 0.3 ? undefined : NOW + Math.floor(next() * 40) + Math.floor(next() * 4) / 4 - 20,
    opened: Math.floor(next() * 50), paused: next() < 0.2 ? 1 : 0, units: next() < 0.5 ? 1 : 0, state: next() < 0.5 ? 0 : 1, owner: 1 + Math.floor(next() * 3),
  }))
  const need = (line: (typeof lines)[number]) => {
    if (line.severity === 1 && line.state === 0 && !line.units && !line.paused) return 0
    if (line.paused) return 4
    return line.owner === 1 || (line.due ?? Infinity) < NOW ? 1 : 3
  }
  const due = (line: (typeof lines)[number]) => line.due ?? 9e12
  const plain = [...lines].sort((a, b) => need(a) - need(b) || a.severity - b.severity || due(a) - due(b) || a.opened - b.opened)
  const queue = queueOf(lines, NOW)
  assert.deepEqual(ids(queue), plain.map(({ id }) => id))
  queue.see({ sort: { by: 'need', down: true } }, NOW)
  assert.equal(queue.id(queue.n - 1), plain[0]!.id)
})

test('a clock that runs moves its case when its moment comes, and not before', () => {
  const queue = queueOf([{ id: 'a', due: NOW + 50 }, { id: 'b', due: NOW + 90, warn: NOW + 10 }], NOW)
  assert.deepEqual([ids(queue), queue.turns], [['a', 'b'], NOW + 10])
  queue.arrange(queue.turns)
  assert.deepEqual([ids(queue), queue.turns, queue.counts.overdue], [['b', 'a'], NOW + 51, 0])
  queue.arrange(queue.turns)
  assert.deepEqual([ids(queue), queue.turns, queue.counts.overdue], [['a', 'b'], NOW + 91, 1])
  queue.arrange(queue.turns)
  assert.deepEqual([queue.turns, queue.counts.overdue], [Infinity, 2])
})

test('each tab shows what it counts', () => {
  const queue = queueOf([{ id: 'a', owner: 1 }, { id: 'b', due: 5 }, { id: 'c', paused: 1 }, { id: 'd', owner: 3 }, { id: 'e', parent: 1 }, { id: 'f', paused: 1, due: NOW - 1 }], NOW)
  queue.see({ mine: { owner: 'district', ids: new Set(['b', 'gone']) } }, NOW)
  const expected: Record<Tab, string[]> = { triage: ['a'], mine: ['b', 'd'], overdue: ['b', 'f'], open: ['b', 'a', 'd', 'f', 'c'], paused: ['f', 'c'], closed: [] }
  for (const [tab, list] of Object.entries(expected) as [Tab, string[]][]) {
    queue.see({ tab }, NOW)
    assert.deepEqual([tab, ids(queue), queue.counts[tab]], [tab, list, list.length])
  }
})

test('closed cases are a list of their own, the latest first', () => {
  const queue = queueOf([{ id: 'a' }], NOW)
  const row = (id: string, closed: number) => ({ ...queue.row('a')!, id, closed, state: 'closed', title: `Done ${id}` }) as QueueRow
  queue.takeClosed([row('x', 10), row('y', 30), row('z', 20)], NOW)
  assert.deepEqual([ids(queue), queue.counts.open, queue.counts.closed], [['a'], 1, 3])
  queue.see({ tab: 'closed' }, NOW)
  assert.deepEqual(ids(queue), ['y', 'z', 'x'])
  assert.equal(queue.at(0)!.closed, 30)
  assert.equal(queue.row('z')!.title, 'Done z')
  assert.deepEqual([...queue.rows()].map(({ id }) => id), ['a', 'x', 'y', 'z'])
  queue.see({ words: ['done z'] }, NOW)
  assert.deepEqual(ids(queue), ['z'])
  queue.see({ words: [], sort: { by: 'age', down: false } }, NOW)
  queue.takeClosed([], NOW)
  assert.equal(queue.n, 0)
})

test('every column sorts both ways; names by the alphabet of the screen, what is alike by need', () => {
  const queue = queueOf([
    { id: 'a', severity: 3, step: 1, category: 0, area: 'a1', owner: 2, opened: 30, units: 2, due: NOW + 9 },
    { id: 'b', severity: 2, step: 2, category: 1, area: 'a2', owner: 1, opened: 10, units: 0 },
    { id: 'c', severity: 2, step: 1, category: 0, area: 'a2', owner: 3, opened: 20, units: 1, due: NOW + 5 },
  ], NOW)
  const orders = { clock: 'cab', severity: 'bca', step: 'cab', what: 'bca', area: 'bca', owner: 'cab', age: 'acb', units: 'bca', need: 'bca' } as const
  for (const [by, order] of Object.entries(orders)) {
    queue.see({ sort: { by: by as 'clock', down: false } }, NOW)
    assert.deepEqual([by, ids(queue).join('')], [by, order])
  }
  const down = { clock: 'bac', severity: 'abc', step: 'bca', what: 'cab', area: 'abc', owner: 'bac', age: 'bca', units: 'acb', need: 'acb' } as const
  for (const [by, order] of Object.entries(down)) {
    queue.see({ sort: { by: by as 'clock', down: true } }, NOW)
    assert.deepEqual([by, ids(queue).join('')], [by, order])
  }
})

test('a name that comes later, or is another in another language, has its place in the alphabet', () => {
  let north = 'North'
  const queue = new Queue({ ...NAMES, area: (code) => (code === 'a1' ? north : code === 'a2' ? 'East' : 'Central') })
  queue.see({ sort: { by: 'area', down: false } }, NOW)
  queue.take(cases([{ id: 'n', area: 'a1' }, { id: 'e', area: 'a2' }]), NOW)
  assert.deepEqual(ids(queue), ['e', 'n'])
  queue.take(cases([{ id: 'n', area: 'a1' }, { id: 'e', area: 'a2' }, { id: 'c', area: 'a3' }]), NOW)
  assert.deepEqual(ids(queue), ['c', 'e', 'n'])
  north = 'Also north'
  queue.renamed(NOW)
  assert.deepEqual(ids(queue), ['n', 'c', 'e'])
})

test('the filter finds words in ids, titles and priorities in both languages and in every name', () => {
  const queue = queueOf([
    { id: 'F-1', title: '库房冒烟', title_en: 'Smoke', severity: 1, category: 1, area: 'a1', owner: 1 },
    { id: 'W-2', title: '街口积水', title_en: 'Water', step: 2, area: 'a2' },
  ], NOW)
  const found = (...words: string[]) => {
    queue.see({ words }, NOW)
    return ids(queue).join(' ')
  }
  for (const word of ['f-1', '冒烟', 'smoke', 'critical', '特急', 'building', 'north', 'triage', 'assigned']) assert.deepEqual([word, found(word)], [word, 'F-1'])
  for (const word of ['w-2', '积水', 'water', 'urgent', '紧急', 'refuse', 'east', 'roads', 'checking']) assert.deepEqual([word, found(word)], [word, 'W-2'])
  assert.equal(found('grid'), 'F-1 W-2')
  assert.equal(found('grid', 'east', '街口'), 'W-2')
  assert.equal(found('east', 'smoke'), '')
  assert.equal(queue.counts.open, 2)
})

test('a table without a column is refused by the name of the column', () => {
  const lacking = table([{ id: 'a' }])
  delete lacking.cols.due
  assert.throws(() => new Cases(lacking), (error: Error) => error instanceof BadFrame && error.message === 'queue: lacks column due')
})

globalThis.requestAnimationFrame ??= (run) => Number(setTimeout(run)) // Node has no frames

test('a page that comes late is told all of it, and nothing after it left', () => {
  const told: unknown[] = []
  const out = channel('queue-test')
  const update = (lines: Line[]): Update => ({ view: '', tables: { queue: table(lines) }, changes: { queue: { rows: null } }, t: 1, stamps: { source: null, commit: null, frame: 1 }, receivedAt: 1, painted: () => undefined })
  out.publish(update([{ id: 'a' }]))
  const stop = watchQueue('queue-test', ({ keys }) => told.push(keys))
  out.publish(update([{ id: 'a' }, { id: 'b' }]))
  out.publish({ ...update([]), changes: {} }) // a frame in which the queue did not change
  stop()
  out.publish(update([]))
  assert.deepEqual(told, [['a'], ['a', 'b']])
})
