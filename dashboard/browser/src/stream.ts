// The client of /stream: one socket per page, several views on it, and what happens when it breaks.

import { IGNORED_MS, ServerClock } from './clock'
import { applyFrame, type Change, type Tables } from './tables'
import { canonical } from './view'
import { BadFrame, decode, type Frame } from './wire'

export type State = 'connecting' | 'live' | 'stale' | 'closed'

export type Store = 'ok' | 'away'

export type Watcher = {
  id: string
  view: string
  onTables(frame: Frame, tables: Tables, changes: Record<string, Change>, receivedAt: number): void
  /** `store` is away while the server says that its store does not answer; `since` is then when that began. */
  onState(state: State, since: number, store: Store): void
  /** A frame or message that was refused, or the server's refusal of the view; one line. */
  onError(message: string): void
}

/** Everything from outside, so that tests can stand in for it. Times in ms. */
export type Outside = {
  open(url: string): WebSocket
  now(): number
  /** A clock that nobody sets; from when it counts does not matter. */
  steady(): number
  random(): number
  later(ms: number, run: () => void): () => void
}

export const browser: Outside = {
  open: (url) => new WebSocket(url),
  now: () => Date.now(),
  steady: () => performance.now(),
  random: () => Math.random(),
  later: (ms, run) => {
    const timer = setTimeout(run, ms)
    return () => clearTimeout(timer)
  },
}

export const BACKOFF_FIRST_MS = 250
export const BACKOFF_LAST_MS = 10_000
/** Nothing at all from the server for so long: stale. */
export const STALE_MS = 6_000
/** A ping goes out when nothing came for so long. */
export const PING_MS = 2_000
/** A snapshot that was asked for and did not come in so long is asked for again. */
export const RESYNC_MS = 5_000
/** Nothing at all for so long: the socket is given up and opened anew. */
export const DEAD_MS = 15_000

type Watch = {
  watcher: Watcher
  /** What the server calls this view: its canonical query, learnt from the first snapshot that follows. */
  view: string | null
  seq: number
  tables: Tables
  dropped: number
  /** When a snapshot was asked for that has not come yet. */
  asked: number | null
  /** The server said that it cannot show this view at the moment: pongs do not make it live, frames do. */
  refused: boolean
  /** No frame of any view was taken yet. */
  fresh: boolean
  state: State
  since: number
  store: Store
}

/** Wait before attempt n (0 = the first retry): doubles up to a limit, and half of it is random, so that a room of screens does not return as one. */
export function backoff(attempt: number, random: number): number {
  const limit = Math.min(BACKOFF_LAST_MS, BACKOFF_FIRST_MS * 2 ** attempt)
  return limit / 2 + (limit / 2) * random
}

export class StreamClient {
  /** The server's clock, from every message that carries its time. */
  readonly clock = new ServerClock()
  private socket: WebSocket | null = null
  private readonly watches = new Map<string, Watch>()
  private attempt = 0
  private heard = 0
  /** How far the screen's clock was from the steady one when they were last compared. */
  private apart: number | null = null
  private pings = 0
  private storeAway: number | null = null
  private cancelRetry: (() => void) | null = null
  private cancelTick: (() => void) | null = null

  constructor(
    private readonly url: string,
    private readonly outside: Outside = browser,
  ) {}

  /** Starts to watch, or changes the view of a watcher that is there already. Opens the socket when it is the first. */
  watch(watcher: Watcher): void {
    const old = this.watches.get(watcher.id)
    this.watches.set(watcher.id, {
      watcher,
      view: null,
      seq: -1,
      tables: {},
      dropped: old?.dropped ?? 0,
      asked: null,
      refused: false,
      fresh: old?.fresh ?? true,
      state: old?.state ?? 'connecting',
      since: old?.since ?? this.outside.now(),
      store: old?.store ?? 'ok',
    })
    if (this.socket?.readyState === 1) this.send({ op: 'watch', id: watcher.id, view: watcher.view })
    else this.connect()
  }

  /** There is an open socket. */
  get connected(): boolean {
    return this.socket?.readyState === 1
  }

  drop(id: string): void {
    if (!this.watches.delete(id)) return
    if (this.socket?.readyState === 1) this.send({ op: 'drop', id })
    if (!this.watches.size) this.close()
  }

  /** Frames that were missed or refused for this watcher since it began. */
  dropped(id: string): number {
    return this.watches.get(id)?.dropped ?? 0
  }

  close(): void {
    this.cancelRetry?.()
    this.cancelTick?.()
    this.cancelRetry = this.cancelTick = null
    const socket = this.socket
    this.socket = null
    socket?.close()
    this.setState('closed')
  }

  private connect(): void {
    if (this.socket) return
    this.cancelRetry?.()
    this.cancelRetry = null
    const socket = this.outside.open(this.url)
    socket.binaryType = 'arraybuffer'
    this.socket = socket
    this.heard = this.outside.now()
    socket.onopen = () => {
      if (socket !== this.socket) return
      this.heard = this.outside.now()
      this.storeAway = null
      for (const watch of this.watches.values()) this.send({ op: 'watch', id: watch.watcher.id, view: watch.watcher.view })
      // The answer says what time it is there; a first frame may have waited at the server.
      this.send({ op: 'ping', n: ++this.pings })
    }
    socket.onmessage = (event: MessageEvent) => {
      if (socket === this.socket) this.receive(event.data as ArrayBuffer | string)
    }
    socket.onclose = () => {
      if (socket === this.socket) this.lost()
    }
    this.tick()
  }

  private lost(): void {
    this.socket = null
    if (!this.watches.size) return
    for (const watch of this.watches.values()) {
      watch.view = null
      watch.asked = null
      const state = watch.seq < 0 ? 'connecting' : 'stale'
      // Quiet before, now gone: the same state, but the page says it in other words.
      if (watch.state === state) watch.watcher.onState(state, watch.since, watch.store)
      else this.mark(watch, state)
    }
    const wait = backoff(this.attempt++, this.outside.random())
    this.cancelRetry?.()
    this.cancelRetry = this.outside.later(wait, () => {
      this.cancelRetry = null
      this.connect()
    })
  }

  private tick(): void {
    this.cancelTick?.()
    this.cancelTick = this.outside.later(1_000, () => {
      this.cancelTick = null
      this.compareClocks()
      const socket = this.socket
      const quiet = this.outside.now() - this.heard
      if (socket && quiet > DEAD_MS) {
        socket.onclose = null
        socket.close()
        this.lost()
      } else if (socket?.readyState === 1) {
        if (quiet >= PING_MS) this.send({ op: 'ping', n: ++this.pings })
        if (quiet > STALE_MS) this.setState('stale', this.heard)
      }
      if (this.watches.size) this.tick()
    })
  }

  // Somebody set this screen's clock, or the machine slept. After a sleep the line is most likely dead, and what is shown is
  // old: a clock that went on counts as silence. One that was set back must not make a silence look shorter.
  private compareClocks(): void {
    const apart = this.outside.now() - this.outside.steady()
    const by = apart - (this.apart ?? apart)
    this.apart = apart
    if (Math.abs(by) < IGNORED_MS) return
    this.clock.forget()
    if (this.socket?.readyState === 1) this.send({ op: 'ping', n: ++this.pings })
    if (by > 0) return
    this.heard += by
    for (const watch of this.watches.values()) {
      watch.since += by
      if (watch.asked !== null) watch.asked += by
    }
  }

  private send(message: object): void {
    this.socket?.send(JSON.stringify(message))
  }

  private receive(data: ArrayBuffer | string): void {
    this.compareClocks()
    const now = this.outside.now()
    this.heard = now
    if (typeof data === 'string') this.text(data)
    else this.binary(data, now)
  }

  private text(data: string): void {
    let message: { op?: unknown; id?: unknown; error?: unknown; store?: unknown; since?: unknown; t?: unknown }
    try {
      message = JSON.parse(data)
    } catch {
      return this.complain(null, 'stream: a text message is not JSON')
    }
    if (message.op === 'error') {
      this.complain(typeof message.id === 'string' ? message.id : null, String(message.error))
    } else if (message.op === 'state') {
      const here = this.outside.now() + (this.clock.offset ?? 0)
      this.storeAway = message.store === 'away' ? Number(message.since) || here : null
      this.freshen()
    } else if (message.op === 'pong') {
      this.clock.sample(Number(message.t), this.outside.now())
      this.freshen()
    }
  }

  // The server answers: whoever holds tables is live again, unless the store behind it is away.
  private freshen(): void {
    for (const watch of this.watches.values()) {
      if (watch.seq < 0 || watch.view === null || watch.refused) continue
      this.serve(watch)
    }
  }

  private serve(watch: Watch): void {
    if (this.storeAway === null) this.mark(watch, 'live')
    else this.mark(watch, 'stale', this.storeAway - (this.clock.offset ?? 0), 'away')
  }

  private binary(data: ArrayBuffer, now: number): void {
    let frame: Frame
    try {
      frame = decode(data)
    } catch (error) {
      if (!(error instanceof BadFrame)) throw error
      this.complain(null, error.message)
      // A frame that cannot be read may be anyone's: everybody asks for a snapshot, once.
      for (const watch of this.watches.values()) this.resync(watch)
      return
    }
    this.clock.sample(frame.stamps.frame, now)
    const mine = this.takers(frame)
    mine.forEach((watch, i) => this.take(watch, frame, i === 0 ? data : data.slice(0), now, i > 0))
  }

  private takers(frame: Frame): Watch[] {
    const all = [...this.watches.values()]
    const known = all.filter((w) => w.view === frame.view)
    const waiting = all.filter((w) => w.view === null)
    if (frame.mode !== 'snapshot') return known
    // A watch is answered by a snapshot, which names the view as the server writes it. Should it write it in a way that
    // is not known here, the only watcher of a new page may still take it; one that changed its view may not, because
    // the last frames of its old view can still be on their way.
    const asked = waiting.filter((w) => canonical(w.watcher.view) === canonical(frame.view))
    if (!asked.length && all.length === 1 && waiting.length === 1 && waiting[0]!.fresh) asked.push(waiting[0]!)
    return [...known, ...asked]
  }

  private take(watch: Watch, first: Frame, data: ArrayBuffer, now: number, again: boolean): void {
    // Tables change in place, so a second watcher of the same view reads its own copy of the bytes.
    const frame = again ? decode(data) : first
    if (frame.mode === 'delta' && frame.base !== watch.seq) {
      if (frame.seq <= watch.seq) return
      watch.dropped += Math.max(1, frame.seq - watch.seq - 1)
      this.resync(watch)
      return
    }
    if (frame.mode === 'snapshot' && watch.view === frame.view && watch.seq >= 0 && frame.seq > watch.seq + 1 && watch.asked === null) {
      watch.dropped += frame.seq - watch.seq - 1
    }
    let done: ReturnType<typeof applyFrame>
    try {
      done = applyFrame(watch.tables, frame)
    } catch (error) {
      if (!(error instanceof BadFrame)) throw error
      watch.dropped += 1
      watch.watcher.onError(error.message)
      this.resync(watch)
      return
    }
    watch.view = frame.view
    watch.seq = frame.seq
    watch.tables = done.tables
    watch.asked = null
    watch.refused = false
    watch.fresh = false
    this.attempt = 0
    this.serve(watch)
    watch.watcher.onTables(frame, done.tables, done.changes, now)
  }

  private resync(watch: Watch): void {
    if (this.socket?.readyState !== 1) return
    if (watch.asked !== null && this.outside.now() - watch.asked < RESYNC_MS) return
    watch.asked = this.outside.now()
    this.send({ op: 'resync', id: watch.watcher.id })
  }

  private complain(id: string | null, message: string): void {
    const one = id === null ? undefined : this.watches.get(id)
    for (const watch of one ? [one] : this.watches.values()) watch.watcher.onError(message)
    if (!one) return
    // What is on the screen is no longer what was asked for: it must not go on as live.
    one.refused = true
    if (one.state === 'live') this.mark(one, 'stale')
  }

  private setState(state: State, since?: number): void {
    for (const watch of this.watches.values()) this.mark(watch, state, since)
  }

  /** `since` is on this screen's clock. */
  private mark(watch: Watch, state: State, since?: number, store: Store = 'ok'): void {
    if (watch.state === state && watch.store === store) return
    watch.state = state
    watch.store = store
    watch.since = since ?? this.outside.now()
    watch.watcher.onState(state, watch.since, store)
  }
}

const clients = new Map<string, StreamClient>()

/** The page's one client for this URL (a path such as /stream, or a ws:// URL). */
export function clientFor(path: string): StreamClient {
  const url = new URL(path, location.href)
  url.protocol = url.protocol.replace('http', 'ws')
  let client = clients.get(url.href)
  if (!client) clients.set(url.href, (client = new StreamClient(url.href)))
  return client
}
