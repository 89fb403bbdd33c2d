// What is under the pointer, worked out on the CPU from the same numbers that are drawn: no picking render.

import { WebMercatorViewport } from '@deck.gl/core'
import type { MapLibreMap } from 'maplibre-gl'
import type { Areas, Lang } from '../layers/areas'
import { CAMERAS_FROM_ZOOM, type Cameras } from '../layers/cameras'
import { heightAt } from '../layers/heat'
import { cellText, type HeatModel } from '../layers/heat-model'
import { drawnAsDot, type Incidents, symbolRadius } from '../layers/incidents'
import { nearest, numbers } from '../layers/points'
import type { Units } from '../layers/units'
import { pictureOf } from './sprites'
import { clockOf, words } from './words'

export type Thing = {
  kind: 'area' | 'cell' | 'incident' | 'unit' | 'camera' | 'none'
  id: string
  lon: number | null
  lat: number | null
  /** Count of an area or cell, null for the rest. */
  n: number | null
  /** Code of the area under the pointer, whatever the kind. */
  area?: string
}

export type PickOptions = { map: MapLibreMap; height: number; shows(layer: 'heat' | 'areas' | 'incidents' | 'units' | 'cameras'): boolean }

/** What the page calls an incident of a category, "" where it cannot say. */
export type TitleOf = (id: string, category: string) => string

const REACH_PX = 15
/** Steps along the ray through the tallest column. */
const STEPS = 96

export class Picker {
  constructor(
    private readonly heat: HeatModel,
    private readonly areas: Areas,
    private readonly incidents: Incidents,
    private readonly units: Units,
    private readonly cameras: Cameras,
  ) {}

  pick(x: number, y: number, { map, height, shows }: PickOptions): Thing {
    const view = viewport(map)
    const zoom = map.getZoom()
    const ground = view.unproject([x, y], { targetZ: 0 }) as [number, number]
    const found = (kind: Thing['kind'], id: string, lon: number, lat: number, n: number | null): Thing => ({
      kind,
      id,
      lon: Number(lon.toFixed(6)),
      lat: Number(lat.toFixed(6)),
      n,
      area: shows('areas') ? this.areas.at(lon, lat) : '',
    })
    const project = (lon: number, lat: number) => view.project([lon, lat]) as [number, number]
    const severity = (row: number) => numbers(this.incidents.table, 'severity')[row]!
    const stack = { radius: (row: number) => symbolRadius(severity(row), zoom), rank: severity }
    const points = [
      ['incident', this.incidents.table, shows('incidents'), (row: number) => !drawnAsDot(severity(row), zoom)],
      ['unit', this.units.table, shows('units'), (row: number) => this.units.shows(row, zoom)],
      ['camera', this.cameras.table, shows('cameras') && zoom >= CAMERAS_FROM_ZOOM + 1, () => true],
    ] as const
    for (const [kind, table, shown, filter] of points) {
      if (!shown || !table) continue
      const row = nearest(table, project, x, y, kind === 'camera' ? REACH_PX * 0.7 : REACH_PX, filter, kind === 'incident' ? stack : undefined)
      if (row >= 0) return found(kind, (table.cols.key as string[])[row]!, numbers(table, 'lon')[row]!, numbers(table, 'lat')[row]!, null)
    }
    const row = shows('heat') ? this.column(view, x, y, height) : -1
    if (row >= 0) return found('cell', cellText(this.heat.keys[row]!), ground[0], ground[1], this.heat.value(row))
    const code = shows('areas') ? this.areas.at(ground[0], ground[1]) : ''
    if (code) return found('area', code, ground[0], ground[1], this.areas.figures(code)?.count ?? null)
    return { kind: 'none', id: '', lon: Number(ground[0].toFixed(6)), lat: Number(ground[1].toFixed(6)), n: null, area: '' }
  }

  // A tall column hides the ground behind it: walk the ray from where it enters the height of the tallest one down to the
  // ground, and take the first column that reaches up to the ray.
  private column(view: WebMercatorViewport, x: number, y: number, height: number): number {
    const { heat } = this
    if (!heat.n) return -1
    const now = performance.now()
    const top = view.unproject([x, y], { targetZ: height }) as [number, number]
    const foot = view.unproject([x, y], { targetZ: 0 }) as [number, number]
    if (![...top, ...foot].every(Number.isFinite)) return -1
    for (let i = 0; i <= STEPS; i++) {
      const t = i / STEPS
      const row = heat.rowAt(top[0] + (foot[0] - top[0]) * t, top[1] + (foot[1] - top[1]) * t)
      if (row < 0) continue
      const value = heat.shown(row, now)
      if (value > 0 && (i === STEPS || heightAt(Math.min(1, value / heat.max)) >= 1 - t)) return row
    }
    return -1
  }

  /** Lines of the tooltip, the first one is the title. Times are said in `timezone`; `title` may know what an incident is called. */
  describe(thing: Thing, lang: Lang, { timezone, title }: { timezone?: string; title?: TitleOf | null } = {}): string[] {
    const w = words(lang)
    const place = thing.area ? this.areas.name(thing.area) : ''
    if (thing.kind === 'area' || thing.kind === 'cell') {
      const figures = thing.area ? this.areas.figures(thing.area) : null
      const lines = [place || `${w.cell} ${thing.id}`]
      if (figures) lines.push(figures.silent ? (figures.silent === 2 ? w.never : w.silent) : `${figures.count} ${w.count} · ${figures.open} ${w.open}`)
      if (thing.kind === 'cell' && thing.n !== null) lines.push(`${w.cell}: ${thing.n % 1 ? thing.n.toFixed(1) : thing.n}`)
      return lines
    }
    if (thing.kind === 'incident') {
      const table = this.incidents.table
      const row = table ? (table.cols.key as string[]).indexOf(thing.id) : -1
      if (row < 0) return []
      const time = clockOf(numbers(table, 'opened')[row]!, timezone)
      const code = ((table!.meta.categories as string[] | undefined) ?? [])[numbers(table, 'category')[row]!] ?? ''
      return [title?.(thing.id, code) || `${w.incident} ${thing.id}`, `${w.severity[numbers(table, 'severity')[row]!]} · ${w.state[numbers(table, 'state')[row]!]} · ${time}`, place]
    }
    if (thing.kind === 'unit') {
      const table = this.units.table
      const row = table ? (table.cols.key as string[]).indexOf(thing.id) : -1
      if (row < 0) return []
      const kinds = (table!.meta.kinds as string[] | undefined) ?? []
      const picture = pictureOf(kinds[numbers(table, 'kind')[row]!] ?? '')
      return [`${w.kinds[picture]} ${thing.id}`, w.unit[numbers(table, 'status')[row]!] ?? '', place]
    }
    if (thing.kind === 'camera') {
      const table = this.cameras.table
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
