// Dash component: the map of what a Stream receives.

import { channel, tell } from '../bus'
import type { Collection, Lang } from '../layers/areas'
import type { TilesFile } from '../map/base'
import { MapEngine } from '../map/engine'
import type { Basemap, Focus, Options } from '../map/options'
import { EMPTY } from '../map/style'
import { react, type SetProps, text } from '../react'

export type GridMapProps = {
  id: string
  stream?: string
  /** Where the polygons come from: `{level, within}`, a URL, or nothing: what the frames speak of. */
  areas?: { level?: string; within?: string } | string | null
  basemap?: Basemap
  focus?: Focus
  selection?: { kind?: string; id?: string } | null
  lang?: Lang
  options?: Options
  className?: string
  style?: Record<string, string | number>
  setProps?: SetProps
}

/** Layers that a map draws. */
const DRAWN = ['heat', 'areas', 'incidents', 'units', 'cameras']

const fetched = new Map<string, Promise<unknown>>()

/** GET as JSON, once per URL; null when there is none (404) or it cannot be had, and then asked again next time. */
async function json(url: string): Promise<unknown> {
  let wait = fetched.get(url)
  if (!wait) {
    wait = fetch(url, { headers: { accept: 'application/json' } }).then((answer) => {
      if (answer.ok) return answer.json()
      if (answer.status === 404) return null
      throw new Error(`${url}: ${answer.status}`)
    })
    fetched.set(url, wait)
    if (fetched.size > 60) fetched.delete(fetched.keys().next().value as string)
  }
  try {
    return await wait
  } catch (error) {
    fetched.delete(url)
    console.warn('map:', (error as Error).message)
    return null
  }
}

/** A URL under which something is fetched again once the region was replaced; "" while it is the one the page began with. */
export function anew(url: string, region: string): string {
  return region ? `${url}${url.includes('?') ? '&' : '?'}region=${encodeURIComponent(region)}` : url
}

/** URL of the polygons that frames of `view` with areas of `level` speak of. */
export function areasUrl(api: string, level: string, view: string): string {
  const within = new URLSearchParams(view).get('area') ?? ''
  const query = new URLSearchParams()
  if (level) query.set('level', level)
  if (within) query.set('within', within)
  return `${api}/areas?${query}`
}

function basemapUrls(basemap: Basemap | undefined, api: string): [string, string][] {
  if (basemap === false) return []
  if (basemap && typeof basemap === 'object') return Object.entries(basemap) as [string, string][]
  const base = basemap || `${api}/basemap`
  return ['water', 'roads', 'outline'].map((layer) => [layer, `${base}/${layer}`])
}

export function GridMap(props: GridMapProps): unknown {
  const React = react()
  const { useEffect, useRef, useState } = React
  const host = useRef<HTMLDivElement | null>(null)
  const engine = useRef<MapEngine | null>(null)
  const setProps = useRef(props.setProps)
  setProps.current = props.setProps
  const id = props.id
  const lang: Lang = props.lang === 'en' ? 'en' : 'zh'
  const api = props.options?.api ?? '/api/v1'
  /** The region that the page began with, and the one that replaced it since, "" for none. */
  const began = useRef<string | null>(null)
  const [region, setRegion] = useState('')

  useEffect(() => {
    const set = (values: Record<string, unknown>) => tell(id, values, setProps.current)
    const made = new MapEngine(host.current!, lang, {
      click: (clickInfo) => set({ clickInfo: { ...clickInfo, at: Date.now() } }),
      hover: (hoverInfo) => set({ hoverInfo }),
      viewport: (viewportInfo) => set({ viewportInfo }),
      stats: (stats) => set({ stats }),
    })
    engine.current = made
    // The element carries its engine: tests and a console can ask it, pages have no need to.
    ;(host.current as unknown as { gridmap?: MapEngine }).gridmap = made
    return () => {
      engine.current = null
      made.destroy()
    }
  }, [])

  useEffect(() => engine.current?.setLang(lang), [lang])
  useEffect(() => engine.current?.setOptions(props.options ?? {}), [text(props.options)])
  useEffect(() => engine.current?.setFocus(props.focus ?? null), [text(props.focus)])
  useEffect(() => engine.current?.setSelection(props.selection ?? null), [text(props.selection)])

  useEffect(() => {
    let stopped = false
    for (const [layer, url] of basemapUrls(props.basemap, api)) {
      void json(anew(url, region)).then((data) => {
        if (!stopped && (data || region)) engine.current?.setBasemap(layer, (data ?? EMPTY) as object)
      })
    }
    return () => {
      stopped = true
    }
  }, [text(props.basemap), api, region])

  // Tiles, where the server has a file of them.
  useEffect(() => {
    let stopped = false
    if (props.basemap !== false) {
      void json(`${api}/basemap/tiles`).then((found) => {
        const file = (found as { tiles?: TilesFile[] } | null)?.tiles?.[0]
        if (!stopped && file) engine.current?.setTiles(file)
      })
    }
    return () => {
      stopped = true
    }
  }, [props.basemap === false, api])

  // The border of the area in focus, drawn around the finer areas within it.
  const focusCode = props.focus?.code ?? ''
  useEffect(() => {
    let stopped = false
    const show = (features: unknown[]) => engine.current?.setBasemap('focus', { type: 'FeatureCollection', features })
    const outline = async () => {
      // `focus.level` is the level that is shown there; the area's own level is the server's to say.
      const area = (await json(anew(`${api}/areas/${encodeURIComponent(focusCode)}`, region))) as { level?: string } | null
      const found = area?.level ? ((await json(anew(areasUrl(api, area.level, `area=${encodeURIComponent(focusCode)}`), region))) as Collection | null) : null
      if (!stopped) show((found?.features ?? []).filter((feature) => String(feature.properties.code) === focusCode))
    }
    if (focusCode) void outline()
    else show([])
    return () => {
      stopped = true
    }
  }, [focusCode, api, region])

  const given = props.areas
  useEffect(() => {
    let stopped = false
    let wanted = ''
    const load = async (url: string, codes: string[]) => {
      if (url === wanted) return
      wanted = url
      let data = (await json(url)) as Collection | null
      if (stopped || url !== wanted) return
      if (!data?.features?.length && codes.length) {
        // The focus is at the finest level: nothing lies within it but itself.
        data = (await json(url.replace(/[?&]within=[^&]*/, ''))) as Collection | null
        if (stopped || url !== wanted) return
        const known = new Set(codes)
        data = data && { ...data, features: data.features.filter((f) => known.has(String(f.properties.code))) }
      }
      if (data) engine.current?.setAreas(data)
      // Not to be had now (the server is away, no region yet): the next frame tries again.
      else wanted = ''
    }
    if (typeof given === 'string') void load(anew(given, region), [])
    else if (given) void load(anew(areasUrl(api, given.level ?? '', given.within ? `area=${encodeURIComponent(given.within)}` : ''), region), [])
    let view: string | null = null
    const stop = props.stream
      ? channel(props.stream).subscribe((update) => {
          // News of the queue alone change nothing on a map, and drawing one costs more than they do.
          if (update.view !== view || DRAWN.some((layer) => update.changes[layer])) engine.current?.update(update)
          view = update.view
          const table = update.tables.areas
          const now = String(table?.meta.region ?? '')
          began.current ??= now || null
          // The next render subscribes anew, and fetches what is drawn of the region with it.
          if (now && now !== (region || began.current)) return setRegion(now)
          if (!given && table) void load(anew(areasUrl(api, String(table.meta.level ?? ''), update.view), region), table.cols.key as string[])
        })
      : () => undefined
    return () => {
      stopped = true
      stop()
    }
  }, [props.stream, text(given), api, region])

  return React.createElement('div', { id: props.id, ref: host, className: `gc-map ${props.className ?? ''}`.trim(), style: props.style as never })
}
