import assert from 'node:assert/strict'
import { mock, test } from 'node:test'

// What of the page 43-desk-extend.js stands on: elements as plain objects, a server that says what the test tells it.
class Node {
  id = ''
  text = ''
  children: Node[] = []
  dataset: Record<string, string> = {}
  gcSpan?: (span: string) => void
  get firstChild(): Node {
    return this.children[0]!
  }
  replaceChildren(...children: Node[]): void {
    this.children = children
  }
  get textContent(): string {
    return this.text + this.children.map((child) => child.textContent).join('')
  }
}
function el(_tag: string, attributes: Record<string, string> = {}, ...children: (Node | string | null)[]): Node {
  const node = new Node()
  for (const child of children) if (child !== null) node.children.push(child instanceof Node ? child : Object.assign(new Node(), { text: child }))
  node.id = attributes['id'] ?? ''
  node.text = attributes['text'] ?? ''
  if (attributes['data-span'] !== undefined) node.dataset['span'] = attributes['data-span']
  return node
}

let now = 0
let server: () => { due: string } | Error = () => new Error()
let asked = 0
const AWAY = 'The server does not answer; try again.'
const failure = (words: string, status?: number) => Object.assign(new Error(words), { status })
const life = { case: { workflow: 'w', clocks: [{ id: 'close', calendar: 'plain', due: '1' }, { id: 'visit', calendar: 'works', due: '2' }] } }
const desk = { names: { clock: (_: string, id: string) => `${id} ` }, time: String, both: String, life } as {
  life: typeof life
  extension?: { part: (life_: typeof life, span: string, who: string) => Node; changed: (span: string) => void }
}
const gc = {
  desk,
  el,
  t: (key: string) => (key === 'desk.unreachable' ? AWAY : key),
  ms: (text: string) => text,
  api: async () => {
    asked += 1
    const answer = server()
    if (answer instanceof Error) throw answer
    return answer
  },
}
let host: Node
Object.assign(globalThis, { window: { gc }, document: { getElementById: (id: string) => (id === host.id ? host : null) } })
mock.method(performance, 'now', () => now)
mock.timers.enable({ apis: ['setTimeout'] })
// @ts-expect-error: a page's script has no types
await import('../../assets/43-desk-extend.js')

/** So many milliseconds later, with what was asked for answered. */
async function later(ms: number): Promise<void> {
  now += ms
  mock.timers.tick(ms)
  for (let turn = 0; turn < 20; turn++) await Promise.resolve()
}
function opened(span: string): void {
  host = desk.extension!.part(life, span, 'who')
  asked = 0
}
const rows = () => host.firstChild.children.map((row) => row.textContent)

test('a server that is away is asked again after a while, not at once, and the row says so meanwhile', async () => {
  server = () => failure(AWAY)
  opened('1 day')
  assert.equal(rows()[0], 'close 1 → …')
  await later(250)
  assert.deepEqual([asked, rows()], [2, [`close ${AWAY}`, `visit ${AWAY}`]])
  for (let quarter = 0; quarter < 19; quarter++) await later(250)
  assert.equal(asked, 2)
  server = () => ({ due: '9' })
  await later(250)
  assert.deepEqual([asked, rows()], [4, ['close 1 → 9', 'visit 2 → 9']])
  await later(60_000)
  assert.equal(asked, 4, 'what is known is not asked for')
})

test('a form that is drawn anew does not ask sooner; another length is asked for at once', async () => {
  server = () => failure('the store is away', 503)
  opened('2 day')
  await later(250)
  opened('2 day')
  assert.deepEqual(rows(), ['close the store is away', 'visit the store is away'])
  await later(1000)
  assert.equal(asked, 0)
  desk.extension!.changed('3 day')
  assert.equal(rows()[0], 'close 1 → …')
  server = () => ({ due: '7' })
  await later(250)
  assert.deepEqual([asked, rows()], [2, ['close 1 → 7', 'visit 2 → 7']])
})

test('a refusal is the answer and is kept', async () => {
  server = () => failure('no calendar', 404)
  opened('4 day')
  await later(250)
  await later(60_000)
  assert.deepEqual([asked, rows()], [2, ['close no calendar', 'visit no calendar']])
})

test('while the length is none nothing is asked', async () => {
  opened('')
  await later(60_000)
  assert.equal(asked, 0)
})
