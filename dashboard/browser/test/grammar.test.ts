import assert from 'node:assert/strict'
import { test } from 'node:test'
import '../../assets/45-desk-grammar.js'

type Item = { id: string; names: string[]; rank?: number }
type Slot = { name: string; kind: string; optional?: boolean; several?: boolean; usual?: boolean }
type Verb = Item & { slots: Slot[]; keys?: string[]; needs?: string[] }
type Read = { verb: Verb | null; values: Record<string, unknown>; problem: { key: string; slot?: string; values: Record<string, unknown> } | null; open: Slot[] }
type World = { verbs: Verb[]; items: (kind: string, values: Record<string, unknown>) => Item[]; usual: (slot: Slot, values: Record<string, unknown>) => string }
type Grammar = {
  split: (text: string) => { word: string; start: number; end: number; quoted: boolean }[]
  matching: (word: string, items: Item[], most?: number) => Item[]
  parse: (text: string, world: World, caret?: number | null) => Read
  complete: (text: string, caret: number, world: World, most?: number) => { kind: string; item: Item; start: number; end: number }[]
  put: (text: string, choice: { start: number; end: number }, words: string) => { text: string; caret: number }
}
const grammar = (globalThis as unknown as { gridcommandGrammar: Grammar }).gridcommandGrammar

const CASE: Slot = { name: 'case', kind: 'case' }
const TEXT: Slot = { name: 'text', kind: 'text', optional: true }
const verbs: Verb[] = [
  { id: 'dispatch', names: ['派遣', 'dispatch'], slots: [{ name: 'units', kind: 'unit', several: true }, CASE, { name: 'reason', kind: 'reason', optional: true }] },
  { id: 'recall', names: ['召回', 'recall'], slots: [{ name: 'units', kind: 'unit', several: true }, CASE, TEXT] },
  { id: 'assign', names: ['派单', 'assign'], slots: [CASE, { name: 'owner', kind: 'owner' }, TEXT] },
  { id: 'accept', names: ['签收', 'accept'], slots: [CASE, TEXT] },
  { id: 'return', names: ['回退', 'return'], slots: [CASE, { ...TEXT, optional: false }] },
  { id: 'extend', names: ['延期', 'extend'], slots: [CASE, { name: 'by', kind: 'span' }, { ...TEXT, optional: false }] },
  { id: 'answer', names: ['处置反馈', 'report done'], slots: [CASE, TEXT], keys: ['photo'], needs: ['photo'] },
  { id: 'merge', names: ['合并', 'merge'], slots: [CASE, { name: 'into', kind: 'case', usual: false }] },
  { id: 'open', names: ['新建', 'open'], slots: [{ name: 'category', kind: 'category' }, { name: 'point', kind: 'point', optional: true }, { ...TEXT, optional: false }] },
  { id: 'status', names: ['状态', 'status'], slots: [{ name: 'unit', kind: 'unit' }, { name: 'status', kind: 'status' }, TEXT] },
]
const things: Record<string, Item[]> = {
  unit: [{ id: 'E07', names: ['消防车 7', 'Fire engine 7'] }, { id: 'E02', names: ['消防车 2', 'Fire engine 2'], rank: -1 }, { id: 'P07', names: ['巡逻车 7', 'Patrol car 7'] }],
  case: [{ id: 'D-2031', names: ['库房冒烟'] }, { id: 'D-2027', names: ['车间起火'] }, { id: 'H-9', names: ['积水'] }],
  owner: [{ id: 'municipal-works', names: ['市政工程处', 'Municipal works'] }, { id: 'traffic', names: ['交警大队', 'Traffic police'] }],
  reason: [{ id: 'closer', names: ['更近', 'Is closer', '1'] }],
  category: [{ id: '0502', names: ['建筑火灾', 'Building fire'] }, { id: '1301', names: ['道路积水', 'Water on the road'] }],
  status: [{ id: 'available', names: ['可用', 'Available'] }, { id: 'out_of_service', names: ['停勤', 'Out of service'] }],
}
const world = (current = ''): World => ({ verbs, items: (kind) => things[kind] ?? [], usual: (slot) => (slot.kind === 'case' ? current : '') })
const read = (text: string, current = '') => grammar.parse(text, world(current))
const offered = (text: string, current = '') => grammar.complete(text, text.length, world(current)).map((it) => it.item.id)

test('units and a case are named by their ids, a part of the number is enough', () => {
  const it = read('dispatch E07 2031')
  assert.equal(it.problem, null)
  assert.deepEqual(it.values, { units: ['E07'], case: 'D-2031' })
  assert.deepEqual(read('dispatch e07,E02 D-2027').values, { units: ['E07', 'E02'], case: 'D-2027' })
  assert.deepEqual(read('dispatch E07 #2031').values.case, 'D-2031')
})

test('the case in hand is meant where none is named', () => {
  assert.deepEqual(read('dispatch E07', 'H-9').values, { units: ['E07'], case: 'H-9' })
  assert.deepEqual(read('accept', 'H-9').values, { case: 'H-9' })
  assert.deepEqual(read('return the road is the county\'s', 'H-9').values, { case: 'H-9', text: "the road is the county's" })
  assert.equal(read('accept').problem?.key, 'line.missing')
})

test('a number that no case has is a fault, not the beginning of a reason about another case', () => {
  const it = read('return 2099 wrong district', 'H-9')
  assert.equal(it.problem?.key, 'line.none')
  assert.deepEqual(it.problem?.values, { what: 'line.slot.case', word: '2099', n: 0, some: '' })
  assert.equal(read('return "2099 wrong district"', 'H-9').values.text, '2099 wrong district')
  assert.equal(read('accept 20', 'H-9').values.text, '20')
})

test('a part that several things have is refused with their names', () => {
  const it = read('dispatch 07 2031')
  assert.equal(it.problem?.key, 'line.many')
  assert.equal(it.problem?.values.some, 'E07, P07')
  assert.equal(read('accept 20', '').problem?.key, 'line.many')
})

test('names in either language are understood, in quotes where they have spaces', () => {
  assert.equal(read('assign 2031 市政工程处').values.owner, 'municipal-works')
  assert.equal(read('assign 2031 "Traffic police"').values.owner, 'traffic')
  assert.equal(read('派单 2031 交警').values.owner, 'traffic')
  assert.deepEqual(read('dispatch “消防车 7” 2031').values.units, ['E07'])
  assert.equal(read('状态 E07 停勤 爆胎').values.status, 'out_of_service')
})

test('a Chinese verb needs no space behind it', () => {
  assert.deepEqual(read('派遣E07 2031').values, { units: ['E07'], case: 'D-2031' })
  assert.deepEqual(offered('派遣E'), ['E02', 'E07'])
})

test('spans, places and evidence stand where they belong', () => {
  assert.deepEqual(read('extend 2031 "2 days" waiting for parts').values, { case: 'D-2031', by: '2 days', text: 'waiting for parts' })
  assert.deepEqual(read('延期 2天 等配件', 'H-9').values, { case: 'H-9', by: '2天', text: '等配件' })
  assert.equal(read('extend 2 hours crew delayed', 'H-9').values.by, '2 hours')
  assert.equal(read('extend 2031 soon please').problem?.key, 'line.span')
  assert.deepEqual(read('open 0502 @116.05,35.04 smoke at the store').values, { category: '0502', point: { lon: 116.05, lat: 35.04 }, text: 'smoke at the store' })
  assert.equal(read('open 0502 @map smoke').values.point, 'map')
  assert.deepEqual(read('answer 2031 photo=IMG_1 done').values, { case: 'D-2031', photo: 'IMG_1', text: 'done' })
  assert.equal(read('answer 2031 done').problem?.values.word, 'photo=…')
})

test('of two cases the second is never the one in hand', () => {
  assert.deepEqual(read('merge 2031 2027').values, { case: 'D-2031', into: 'D-2027' })
  assert.equal(read('merge 2031', 'H-9').problem?.key, 'line.missing')
})

test('what is left over, unknown or missing is said', () => {
  assert.deepEqual(read('accept').problem?.values.what, 'line.slot.case')
  assert.equal(read('dance E07').problem?.key, 'line.no_verb')
  assert.equal(read('merge 2031 2027 now').problem?.key, 'line.extra')
  assert.equal(read('status E07').problem?.slot, 'status')
  assert.equal(read('   ').problem?.key, 'line.empty')
  assert.equal(read('re 2031').problem?.key, 'line.many')
})

test('completions follow what may stand at the caret', () => {
  assert.deepEqual(offered('di'), ['dispatch'])
  assert.deepEqual(offered('dispatch '), ['E02', 'E07', 'P07'])
  assert.deepEqual(offered('dispatch E02,'), ['E02', 'E07', 'P07'])
  assert.deepEqual(offered('dispatch 巡'), ['P07'])
  assert.deepEqual(offered('dispatch E07 20'), ['D-2027', 'D-2031'])
  assert.deepEqual(offered('dispatch E07 库房'), ['D-2031'])
  assert.deepEqual(offered('assign ', 'H-9').slice(0, 2), ['municipal-works', 'traffic'], 'what must be said comes first')
  assert.deepEqual(offered('dispatch E07 ', 'H-9')[0], 'closer', 'the case in hand goes without saying')
  assert.deepEqual(offered('assign '), ['D-2027', 'D-2031', 'H-9'], 'nothing after a case that is not named yet')
  assert.deepEqual(offered('status E07 o'), ['out_of_service', 'available'].slice(0, 1))
  assert.deepEqual(offered('return 2031 because '), [])
})

test('a completion takes the place of the word at the caret', () => {
  const text = 'dispatch e0 2031'
  const [choice] = grammar.complete(text, 11, world())
  assert.deepEqual(grammar.put(text, choice!, 'E02'), { text: 'dispatch E02 2031', caret: 13 })
  assert.equal(grammar.put('assign 2031 traf', { start: 12, end: 16 }, 'Traffic police').text, 'assign 2031 "Traffic police" ')
  const list = 'dispatch E02,e07'
  assert.equal(grammar.put(list, grammar.complete(list, list.length, world())[0]!, 'E07').text, 'dispatch E02,E07 ')
})
