import assert from 'node:assert/strict'
import { test } from 'node:test'
import { backoff, DEAD_MS, type Outside, RESYNC_MS, STALE_MS, StreamClient, type Watcher } from '../src/stream'
import { canonical } from '../src/view'

class FakeSocket {
  binaryType = ''
  readyState = 0
  all: Record<string, unknown>[] = []
  /** What was asked of the server; pings stand in `all`. */
  get sent(): Record<string, unknown>[] {
    return this.all.filter((message) => message.op !== 'ping')
  }
  onopen: (() => void) | null = null
  onclose: (() => void) | null = null
  onmessage: ((event: { data: unknown }) => void) | null = null
  send(text: string): void {
    this.all.push(JSON.parse(text))
  }
  close(): void {
    this.readyState = 3
  }
  open(): void {
    this.readyState = 1
    this.onopen?.()
  }
  fail(): void {
    this.readyState = 3
    this.onclose?.()
  }
  say(data: unknown): void {
    this.onmessage?.({ data })
  }
}

class World implements Outside {
  sockets: FakeSocket[] = []
  time = 1_000_000
  private timers: { at: number; run: () => void }[] = []
  open = (_url: string): WebSocket => {
    const socket = new FakeSocket()
    this.sockets.push(socket)
    return socket as unknown as WebSocket
  }
  /** By how much somebody set the screen's clock. */
  set = 0
  now = () => this.time + this.set
  steady = () => this.time
  random = () => 0.5
  later = (ms: number, run: () => void) => {
    const timer = { at: this.time + ms, run }
    this.timers.push(timer)
    return () => void (this.timers = this.timers.filter((t) => t !== timer))
  }
  pass(ms: number): void {
    const end = this.time + ms
    for (;;) {
      const next = this.timers.filter((t) => t.at <= end).sort((a, b) => a.at - b.at)[0]
      if (!next) break
      this.timers = this.timers.filter((t) => t !== next)
      this.time = Math.max(this.time, next.at)
      next.run()
    }
    this.time = end
  }
  get last(): FakeSocket {
    return this.sockets[this.sockets.length - 1]!
  }
}

function frame(view: string, seq: number, base: number | null): ArrayBuffer {
  const header = { v: 1, view, seq, base, mode: base === null ? 'snapshot' : 'delta', t: 1, log: 1, stamps: { source: null, commit: null, frame: 1 }, layers: {} }
  const raw = new TextEncoder().encode(JSON.stringify(header))
  const out = new ArrayBuffer(8 + Math.ceil(raw.length / 8) * 8)
  new Uint8Array(out).set([0x47, 0x43, 0x46, 0x31])
  new DataView(out).setUint32(4, raw.length, true)
  new Uint8Array(out, 8).set(raw)
  return out
}

function watcher(id: string, view: string) {
  const seen = { frames: [] as number[], states: [] as string[], errors: [] as string[] }
  const it: Watcher = {
    id,
    view,
    onTables: (f) => seen.frames.push(f.seq),
    onState: (state) => seen.states.push(state),
    onError: (message) => seen.errors.push(message),
  }
  return { it, seen }
}

function start(view = '') {
  const world = new World()
  const client = new StreamClient('ws://x/stream', world)
  const { it, seen } = watcher('a', view)
  client.watch(it)
  world.last.open()
  return { world, client, it, seen }
}

test('a watch is sent on opening and answered by frames', () => {
  const { world, seen } = start('area=1')
  assert.deepEqual(world.last.sent, [{ op: 'watch', id: 'a', view: 'area=1' }])
  world.last.say(frame('area=1', 5, null))
  world.last.say(frame('area=1', 6, 5))
  assert.deepEqual(seen.frames, [5, 6])
  assert.deepEqual(seen.states, ['live'])
})

test('a gap asks once for a snapshot, counts what was missed and goes on with it', () => {
  const { world, client, seen } = start()
  world.last.say(frame('', 1, null))
  world.last.say(frame('', 4, 3))
  world.last.say(frame('', 5, 4))
  assert.deepEqual(world.last.sent.slice(1), [{ op: 'resync', id: 'a' }])
  world.last.say(frame('', 6, null))
  world.last.say(frame('', 7, 6))
  assert.deepEqual(seen.frames, [1, 6, 7])
  assert.ok(client.dropped('a') >= 2)
})

test('a snapshot that comes broken is asked for again, but not at every frame', () => {
  const { world, seen } = start()
  world.last.say(frame('', 1, null))
  world.last.say(frame('', 3, 2))
  world.last.say(new ArrayBuffer(16)) // the snapshot it asked for
  world.last.say(frame('', 5, 4))
  assert.equal(world.last.sent.filter((m) => m.op === 'resync').length, 1)
  world.time += RESYNC_MS
  world.last.say(frame('', 6, 5))
  world.last.say(frame('', 7, 6))
  assert.equal(world.last.sent.filter((m) => m.op === 'resync').length, 2)
  world.last.say(frame('', 8, null))
  assert.deepEqual(seen.frames, [1, 8])
})

test('a view that the server cannot show is stale, whatever else it answers, until its next frame', () => {
  const { world, seen } = start('area=1')
  world.last.say(frame('area=1', 1, null))
  world.last.say(JSON.stringify({ op: 'error', id: 'a', error: 'the server cannot build this view' }))
  world.last.say(JSON.stringify({ op: 'pong', n: 1, t: world.time }))
  assert.deepEqual(seen.states, ['live', 'stale'])
  world.last.say(frame('area=1', 2, 1))
  assert.deepEqual(seen.states, ['live', 'stale', 'live'])
})

test('an old frame that comes twice is ignored', () => {
  const { world, client, seen } = start()
  world.last.say(frame('', 3, null))
  world.last.say(frame('', 3, 2))
  assert.deepEqual(seen.frames, [3])
  assert.equal(client.dropped('a'), 0)
  assert.equal(world.last.sent.length, 1)
})

test('malformed bytes are reported in one line and answered by a resync', () => {
  const { world, seen } = start()
  world.last.say(frame('', 1, null))
  world.last.say(new ArrayBuffer(32))
  assert.match(seen.errors[0]!, /GCF1/)
  assert.deepEqual(world.last.sent[1], { op: 'resync', id: 'a' })
})

test('a lost socket is opened again after a growing wait, and watches again', () => {
  const { world, seen } = start('area=1')
  world.last.say(frame('area=1', 1, null))
  world.last.fail()
  assert.deepEqual(seen.states, ['live', 'stale'])
  world.pass(200)
  assert.equal(world.sockets.length, 2)
  world.last.fail()
  world.pass(200)
  assert.equal(world.sockets.length, 2, 'the second wait is longer')
  world.pass(300)
  assert.equal(world.sockets.length, 3)
  world.last.open()
  assert.deepEqual(world.last.sent, [{ op: 'watch', id: 'a', view: 'area=1' }])
  world.last.say(frame('area=1', 9, null))
  assert.deepEqual(seen.frames, [1, 9])
  assert.equal(seen.states.at(-1), 'live')
})

test('the wait doubles up to ten seconds and half of it is chance', () => {
  assert.equal(backoff(0, 0), 125)
  assert.equal(backoff(0, 1), 250)
  assert.equal(backoff(3, 1), 2000)
  assert.equal(backoff(30, 0), 5000)
  assert.equal(backoff(30, 1), 10_000)
})

test('silence is asked about, then stale, then the socket is given up', () => {
  const { world, seen } = start()
  world.last.say(frame('', 1, null))
  const socket = world.last
  world.pass(3_000)
  assert.ok(socket.all.some((m) => m.op === 'ping'))
  world.pass(STALE_MS)
  assert.equal(seen.states.at(-1), 'stale')
  world.pass(DEAD_MS)
  assert.ok(world.sockets.length > 1)
  assert.equal(socket.readyState, 3)
})

test('a pong keeps a quiet stream live', () => {
  const { world, seen } = start()
  world.last.say(frame('', 1, null))
  for (let i = 0; i < 20; i++) {
    world.pass(1_000)
    world.last.say(JSON.stringify({ op: 'pong', n: i, t: 0 }))
  }
  assert.deepEqual(seen.states, ['live'])
})

test('a store that is away makes the picture stale until it is back', () => {
  const { world, seen } = start()
  world.last.say(frame('', 1, null))
  world.last.say(JSON.stringify({ op: 'state', store: 'away', since: 5 }))
  assert.equal(seen.states.at(-1), 'stale')
  world.last.say(JSON.stringify({ op: 'pong', n: 1, t: 0 }))
  assert.equal(seen.states.at(-1), 'stale')
  world.last.say(JSON.stringify({ op: 'state', store: 'ok', since: 9 }))
  assert.equal(seen.states.at(-1), 'live')
})

test('after a change of view the last frames of the old one are not taken for the new', () => {
  const { world, client, it, seen } = start('area=1')
  world.last.say(frame('area=1', 1, null))
  client.watch({ ...it, view: 'area=2' })
  world.last.say(frame('area=1', 2, 1))
  world.last.say(frame('area=1', 3, null))
  world.last.say(frame('area=2', 40, null))
  assert.deepEqual(seen.frames, [1, 40])
})

test('two watchers of one view share frames, and each has tables of its own', () => {
  const { world, client, seen } = start('window=7d')
  const other = watcher('b', 'window=7d')
  client.watch(other.it)
  world.last.say(frame('window=7d', 1, null))
  world.last.say(frame('window=7d', 2, 1))
  assert.deepEqual(seen.frames, [1, 2])
  assert.deepEqual(other.seen.frames, [1, 2])
})

test('an error of the server reaches its watcher alone', () => {
  const { world, client, seen } = start()
  const other = watcher('b', 'area=9')
  client.watch(other.it)
  world.last.say(JSON.stringify({ op: 'error', id: 'b', error: 'no such area' }))
  assert.deepEqual(seen.errors, [])
  assert.deepEqual(other.seen.errors, ['no such area'])
})

test('the last drop closes the socket and nothing opens it again', () => {
  const { world, client } = start()
  client.drop('a')
  world.pass(60_000)
  assert.equal(world.sockets.length, 1)
  assert.equal(world.last.readyState, 3)
})

test('queries that name the same view are the same', () => {
  assert.equal(canonical('window=24h&area=3'), canonical('area=3&lang=en&panel=1'))
  assert.equal(canonical('layers=areas,heat'), canonical('layers=heat,areas'))
  assert.equal(canonical('layers=cameras,units,incidents,areas,heat'), '')
  assert.notEqual(canonical('area=3'), canonical('area=4'))
  assert.notEqual(canonical('panel=0'), canonical(''))
  assert.equal(canonical('compare=0'), canonical(''))
  assert.equal(canonical('window=2026-04-01T08:00/2026-04-02T08:00&compare=1'), canonical('window=2026-04-01T08%3A00%2F2026-04-02T08%3A00&compare=1'))
})

test('the clock is the server\'s: the quickest answers say, a second of difference is ignored', () => {
  const { world, client } = start()
  assert.equal(client.clock.offset, null)
  assert.equal(world.last.all.filter((message) => message.op === 'ping').length, 1)
  world.last.say(JSON.stringify({ op: 'pong', n: 1, t: world.time - 900 }))
  assert.equal(client.clock.offset, 0)
  world.last.say(JSON.stringify({ op: 'pong', n: 2, t: world.time + 5_000 }))
  assert.equal(client.clock.offset, 5_000)
  // Late ones change nothing, nor do small steps.
  world.last.say(JSON.stringify({ op: 'pong', n: 3, t: world.time + 2_000 }))
  world.last.say(JSON.stringify({ op: 'pong', n: 4, t: world.time + 5_400 }))
  assert.equal(client.clock.offset, 5_000)
  // The server's clock was set back: believed once the older answers are forgotten.
  for (let n = 0; n < 20; n++) world.last.say(JSON.stringify({ op: 'pong', n, t: world.time - 60_000 }))
  assert.equal(client.clock.offset, -60_000)
})

test('a store that is away says since when, and a socket that goes meanwhile is said too', () => {
  const { world, client, it } = start()
  const told: [string, number, string, boolean][] = []
  it.onState = (state, since, store) => told.push([state, since, store, client.connected])
  world.last.say(frame('', 1, null))
  world.last.say(JSON.stringify({ op: 'pong', n: 1, t: world.time }))
  told.length = 0
  world.last.say(JSON.stringify({ op: 'state', store: 'away', since: world.time - 4_000 }))
  assert.deepEqual(told, [['stale', world.time - 4_000, 'away', true]])
  world.last.fail()
  assert.deepEqual(told[1], ['stale', world.time - 4_000, 'away', false])
  world.pass(10_000)
  world.last.open()
  world.last.say(frame('', 2, null))
  assert.deepEqual(told[2], ['live', world.time, 'ok', true])
})

test('a screen whose clock is set shows the server\'s time with the next answer', () => {
  for (const set of [3_600_000, -3_600_000]) {
    const { world, client, it } = start()
    const told: string[] = []
    it.onState = (state) => told.push(state)
    world.last.say(frame('', 1, null))
    for (let n = 0; n < 5; n++) world.last.say(JSON.stringify({ op: 'pong', n, t: world.time }))
    assert.equal(client.clock.offset, 0)
    world.set = set
    world.last.say(JSON.stringify({ op: 'pong', n: 6, t: world.time }))
    assert.equal(client.clock.offset, -set)
    assert.deepEqual(told, ['live'])
  }
})

test('a clock that was set back makes no silence look shorter, one that leapt ahead opens the line anew', () => {
  const back = start()
  back.world.last.say(frame('', 1, null))
  back.world.set = -3_600_000
  back.world.pass(DEAD_MS + 2_000)
  assert.equal(back.world.sockets.length, 2)

  const ahead = start()
  const heard = ahead.world.last
  heard.say(frame('', 1, null))
  ahead.world.set = 3_600_000 // as after an hour's sleep
  ahead.world.pass(2_000)
  assert.equal(heard.readyState, 3)
  assert.equal(ahead.world.sockets.length, 2)
  ahead.world.last.open()
  assert.deepEqual(ahead.world.last.sent, [{ op: 'watch', id: 'a', view: '' }])
})
