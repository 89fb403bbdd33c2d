// What is under the pointer, worked out on the CPU from the same numbers that are drawn: no picking render.

import { WebMercatorViewport } from '@deck.gl/core'
import type { MapLibreMap } from 'maplibre-gl'
import type { Lang } from '../layers/areas'
import { CAMERAS_FROM_ZOOM } from '../layers/cameras'
import { signed } from '../layers/difference'
import { cellText } from '../layers/heat-model'
import { nearest, numbers } from '../layers/points'
import { raisedAt } from '../layers/prisms'
import type { Content } from './content'
import { pictureOf } from './sprites'
import { clockOf, words } from './words'

export type Thing = {
  kind: 'area' | 'cell' | 'incident' | 'incidents' | 'unit' | 'camera' | 'none'
  id: string
  lon: number | null
  lat: number | null
  /** Count of an area or cell or of the incidents of one pin (`incidents`, whose id is that of the most urgent), null for the rest. */
  n: number | null
  /** Code of the area under the pointer, whatever the kind. */
  area?: string
}

export type PickOptions = { map: MapLibreMap; height: number; shows(layer: 'heat' | 'areas' | 'incidents' | 'units' | 'cameras'): boolean }

export type Shown = Pick<Content, 'heat' | 'heightOf' | 'form' | 'areas' | 'incidents' | 'units' | 'cameras' | 'selected' | 'symbols'>

/** What the page calls an incident of a category, "" where it cannot say. */
export type TitleOf = (id: string, category: string) => string

/** The function that an option names as `namespace.function` under window.dash_clientside, null where there is none. */
export function titleOf(name = ''): TitleOf | null {
  const [space, key] = name.split('.')
  const clientside = (window as unknown as { dash_clientside?: Record<string, Record<string, unknown>> }).dash_clientside
  const found = space && key ? clientside?.[space]?.[key] : null
  return typeof found === 'function' ? (found as TitleOf) : null
}

const REACH_PX = 15
/** Steps along the ray through the tallest column. */
const STEPS = 96

export class Picker {
  constructor(private readonly content: Shown) {}

  pick(x: number, y: number, { map, height, shows }: PickOptions): Thing {
    const view = viewport(map)
    const zoom = map.getZoom()
    const ground = view.unproject([x, y], { targetZ: 0 }) as [number, number]
    const found = (kind: Thing['kind'], id: string, lon: number, lat: number, n: number | null, area?: string): Thing => ({
      kind,
      id,
      lon: Number(lon.toFixed(6)),
      lat: Number(lat.toFixed(6)),
      n,
      area: area ?? (shows('areas') ? this.content.areas.at(lon, lat) : ''),
    })
    const project = (lon: number, lat: number) => view.project([lon, lat]) as [number, number]
    const size = this.content.symbols
    const pins = this.content.incidents
    const selected = this.content.selected('incident')
    const pin = shows('incidents') ? pins.pins.at(project, x, y, REACH_PX * size, (it) => size * pins.radius(it, zoom, selected)) : -1
    if (pin >= 0) {
      const { row, rows, lon, lat } = pins.pins.list[pin]!
      const id = (pins.table!.cols.key as string[])[row]!
      return rows.length > 1 ? found('incidents', id, lon, lat, rows.length) : found('incident', id, numbers(pins.table, 'lon')[row]!, numbers(pins.table, 'lat')[row]!, null)
    }
    const points = [
      ['unit', this.content.units.table, shows('units'), (row: number) => this.content.units.shows(row, zoom)],
      ['camera', this.content.cameras.table, shows('cameras') && zoom >= CAMERAS_FROM_ZOOM + 1, () => true],
    ] as const
    for (const [kind, table, shown, filter] of points) {
      if (!shown || !table) continue
      const row = nearest(table, project, x, y, (kind === 'camera' ? REACH_PX * 0.7 : REACH_PX) * size, filter)
      if (row >= 0) return found(kind, (table.cols.key as string[])[row]!, numbers(table, 'lon')[row]!, numbers(table, 'lat')[row]!, null)
    }
    if (shows('areas') && this.content.form() === 'areas') {
      const raised = this.raised(view, x, y, height)
      if (raised) return found('area', raised, ground[0], ground[1], this.content.areas.figures(raised)?.count ?? null, raised)
    }
    const row = shows('heat') && this.content.form() !== 'areas' ? this.column(view, x, y, height) : -1
    if (row >= 0) return found('cell', cellText(this.content.heat.keys[row]!), ground[0], ground[1], this.content.heat.figures(row).count)
    const code = shows('areas') ? this.content.areas.at(ground[0], ground[1]) : ''
    if (code) return found('area', code, ground[0], ground[1], this.content.areas.figures(code)?.count ?? null)
    return { kind: 'none', id: '', lon: Number(ground[0].toFixed(6)), lat: Number(ground[1].toFixed(6)), n: null, area: '' }
  }

  // A tall column hides the ground behind it: walk the ray from where it enters the height of the tallest one down to the
  // ground, and take the first column that reaches up to the ray.
  private column(view: WebMercatorViewport, x: number, y: number, height: number): number {
    const { heat } = this.content
    if (!heat.n) return -1
    const now = performance.now()
    const top = view.unproject([x, y], { targetZ: height }) as [number, number]
    const foot = view.unproject([x, y], { targetZ: 0 }) as [number, number]
    if (![...top, ...foot].every(Number.isFinite)) return -1
    for (let i = 0; i <= STEPS; i++) {
      const t = i / STEPS
      const row = heat.rowAt(top[0] + (foot[0] - top[0]) * t, top[1] + (foot[1] - top[1]) * t)
      if (row < 0) continue
      const tall = this.content.heightOf(row, now)
      if (tall !== null && (i === STEPS || tall >= 1 - t)) return row
    }
    return -1
  }

  /** The raised area that hides the ground there, "" for none: the ray of a column's, among areas. */
  private raised(view: WebMercatorViewport, x: number, y: number, height: number): string {
    const { areas } = this.content
    const top = view.unproject([x, y], { targetZ: height }) as [number, number]
    const foot = view.unproject([x, y], { targetZ: 0 }) as [number, number]
    if (![...top, ...foot].every(Number.isFinite)) return ''
    for (let i = 0; i <= STEPS; i++) {
      const t = i / STEPS
      const code = areas.at(top[0] + (foot[0] - top[0]) * t, top[1] + (foot[1] - top[1]) * t)
      if (code && raisedAt(areas.share(code)) >= 1 - t) return code
    }
    return ''
  }

  /** Lines of the tooltip, the first one is the title. Times are said in `timezone`; `title` may know what an incident is called. */
  describe(thing: Thing, lang: Lang, { timezone, title }: { timezone?: string; title?: TitleOf | null } = {}): string[] {
    const w = words(lang)
    const place = thing.area ? this.content.areas.name(thing.area) : ''
    if (thing.kind === 'area' || thing.kind === 'cell') {
      const figures = thing.area ? this.content.areas.figures(thing.area) : null
      const lines = [place || `${w.cell} ${thing.id}`]
      const beside = (count: number, before: number) => (Number.isFinite(before) ? `${count} · ${w.before} ${before} · ${signed(count - before)}` : `${count} · ${w.unknown}`)
      if (figures && figures.before !== null && !figures.silent) lines.push(beside(figures.now, figures.before))
      else if (figures) lines.push(figures.silent ? (figures.silent === 2 ? w.never : w.silent) : `${figures.count} ${w.count} · ${figures.open} ${w.open}`)
      const { heat } = this.content
      const row = thing.kind === 'cell' && heat.compared ? heat.row(BigInt(`0x${thing.id}`)) : -1
      if (row >= 0) lines.push(`${w.cell}: ${beside(heat.figures(row).count, heat.figures(row).before)}`)
      else if (thing.kind === 'cell' && thing.n !== null) lines.push(`${w.cell}: ${thing.n % 1 ? thing.n.toFixed(1) : thing.n}`)
      return lines
    }
    if (thing.kind === 'incident') {
      const table = this.content.incidents.table
      const row = table ? (table.cols.key as string[]).indexOf(thing.id) : -1
      if (row < 0) return []
      const time = clockOf(numbers(table, 'opened')[row]!, timezone)
      const code = ((table!.meta.categories as string[] | undefined) ?? [])[numbers(table, 'category')[row]!] ?? ''
      return [title?.(thing.id, code) || `${w.incident} ${thing.id}`, `${w.severity[numbers(table, 'severity')[row]!]} · ${w.state[numbers(table, 'state')[row]!]} · ${time}`, place]
    }
    if (thing.kind === 'incidents') {
      const table = this.content.incidents.table
      const rows = this.content.incidents.pins.of(thing.id)?.rows ?? []
      const [of, state] = [numbers(table, 'severity'), numbers(table, 'state')]
      const closed = rows.filter((row) => state[row] === 3).length
      const said = [1, 2, 3, 4].map((n) => [n, rows.filter((row) => of[row] === n && state[row] !== 3).length] as const).filter(([, n]) => n)
      const parts = said.map(([severity, n]) => `${w.severity[severity]} ${n}`)
      return [w.several(rows.length), [...parts, ...(closed ? [`${w.state[3]} ${closed}`] : [])].join(' · '), place]
    }
    if (thing.kind === 'unit') {
      const table = this.content.units.table
      const row = table ? (table.cols.key as string[]).indexOf(thing.id) : -1
      if (row < 0) return []
      const kinds = (table!.meta.kinds as string[] | undefined) ?? []
      const picture = pictureOf(kinds[numbers(table, 'kind')[row]!] ?? '')
      return [`${w.kinds[picture]} ${thing.id}`, w.unit[numbers(table, 'status')[row]!] ?? '', place]
    }
    if (thing.kind === 'camera') {
      const table = this.content.cameras.table
      const row = table ? (table.cols.key as string[]).indexOf(thing.id) : -1
      return row < 0 ? [] : [`${w.camera} ${thing.id}`, numbers(table, 'online')[row] ? w.online : w.offline, place]
    }
    return []
  }
}

/** deck.gl's viewport of the map as it stands. */
export function viewport(map: MapLibreMap): WebMercatorViewport {
  const { lng, lat } = map.getCenter()
  const { clientWidth, clientHeight } = map.getCanvas()
  return new WebMercatorViewport({ longitude: lng, latitude: lat, zoom: map.getZoom(), pitch: map.getPitch(), bearing: map.getBearing(), width: clientWidth, height: clientHeight })
}
