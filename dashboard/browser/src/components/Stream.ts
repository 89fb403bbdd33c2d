// Dash component without a picture: watches a view and hands what comes to the maps and to the page.

import { channel, tell } from '../bus'
import { Course } from '../course'
import { react, type SetProps } from '../react'
import { clientFor } from '../stream'
import type { Stamps } from '../wire'

export type StreamProps = { id: string; view?: string; lang?: string; url?: string; setProps?: SetProps }

const STATUS_EVERY_MS = 500

export function Stream(props: StreamProps): null {
  const { useEffect, useRef } = react()
  const setProps = useRef(props.setProps)
  setProps.current = props.setProps
  const { id, view = '', url = '/stream' } = props
  useEffect(() => watch(id, view, url, (values) => tell(id, values, setProps.current)), [id, view, url])
  return null
}

/** Watches until the returned function is called. */
export function watch(id: string, view: string, url: string, set: SetProps): () => void {
  const client = clientFor(url)
  const out = channel(id)
  const course = new Course({ state: 'connecting', since: Date.now(), store: 'ok', connected: false })
  let stamps: (Stamps & { paint: number | null }) | null = null
  let received = 0
  let told = 0
  let timer = 0
  let stopped = false

  const say = () => {
    timer = 0
    told = performance.now()
    if (stopped) return
    const { state, since, store, connected, error } = course.next(client.connected)
    // All times as the server's clock shows them.
    const offset = client.clock.offset
    const paint = stamps?.paint == null ? null : stamps.paint + (offset ?? 0)
    const lag = paint !== null && stamps!.source !== null ? Math.max(0, paint - stamps!.source) : null
    set({
      status: {
        state,
        store,
        connected,
        since: since + (offset ?? 0),
        offset_ms: offset,
        lag_ms: lag,
        stamps: { source: stamps?.source ?? null, commit: stamps?.commit ?? null, frame: stamps?.frame ?? null, paint },
        received,
        dropped: client.dropped(id),
        error,
      },
    })
    if (course.more) soon()
  }
  const soon = () => {
    if (!timer && !stopped) timer = window.setTimeout(say, Math.max(0, told + STATUS_EVERY_MS - performance.now()))
  }

  client.watch({
    id,
    view,
    onTables(frame, tables, changes, receivedAt) {
      received++
      course.worked()
      const mine: Stamps & { paint: number | null } = { ...frame.stamps, paint: null }
      stamps = mine
      if (frame.panel) set({ panel: frame.panel })
      out.publish({
        view: frame.view,
        tables,
        changes,
        t: frame.t,
        stamps: frame.stamps,
        receivedAt,
        painted(at) {
          if (mine.paint !== null) return
          mine.paint = at
          soon()
        },
      })
      soon()
    },
    onState(state, since, store) {
      course.went({ state, since, store, connected: client.connected })
      soon()
    },
    onError(message) {
      course.failed(message)
      soon()
    },
  })
  soon()
  return () => {
    stopped = true
    clearTimeout(timer)
    client.drop(id)
  }
}
