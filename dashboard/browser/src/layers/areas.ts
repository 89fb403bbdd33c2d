// Area polygons: borders, tint by count, hatching of the silent, labels that do not collide, hover and selection.

import type { GeoJSONSource, Map as MapLibre } from 'maplibre-gl'
import type { ScaleName } from '../palette'
import { signed } from './difference'
import { bboxOf, type Bbox, holds, type Ring } from './polygons'
import type { Change, Table } from '../tables'
import { drawAgainWith } from '../map/letters'
import { forgetWidths } from '../map/names'
import { EMPTY, labelSize, tint, tintOpacity } from '../map/style'

type Properties = { code: string; name: string; name_en?: string; level?: string; parent?: string | null; lon?: number; lat?: number }
type Feature = { type: 'Feature'; properties: Properties; geometry: { type: 'Polygon'; coordinates: Ring[] } | { type: 'MultiPolygon'; coordinates: Ring[][] } }
export type Collection = { type: 'FeatureCollection'; features: Feature[] }
export type Lang = 'zh' | 'en'
type Shape = { feature: Feature; bbox: Bbox; polygons: Ring[][] }

/** Labels carry counts up to so many areas: each change lays the labels out anew. */
const COUNTED_LABELS = 120
const LABEL_EVERY_MS = 2_000

export class Areas {
  /** Grows with every change of what is drawn or written. */
  changes = 0
  private shapes = new Map<string, Shape>()
  private table: Table | null = null
  private rowOf = new Map<string, number>()
  private hovered = ''
  private selected = ''
  private silentSet = ''
  private labelTimer = 0
  private labelled = 0
  private map: MapLibre | null = null
  private visible = true
  private scale: ScaleName = 'cividis'
  private heat = true

  constructor(private lang: Lang) {}

  /** Called once for every WebGL context: everything is put on the new map. */
  attach(map: MapLibre): void {
    this.map = map
    this.silentSet = '\0'
    this.source('areas')?.setData(this.collection() as never)
    this.paint()
    this.refresh(null)
    if (this.hovered) this.flag(this.hovered, { hover: true })
    if (this.selected) this.flag(this.selected, { selected: true })
    this.labels()
  }

  detach(): void {
    this.map = null
    clearTimeout(this.labelTimer)
    this.labelTimer = 0
  }

  setLang(lang: Lang): void {
    this.changes++
    this.lang = lang
    this.labels()
  }

  setLook(visible: boolean, scale: ScaleName, heat: boolean): void {
    this.visible = visible
    this.scale = scale
    this.heat = heat
    this.paint()
  }

  setShapes(collection: Collection): void {
    this.changes++
    this.shapes = new Map()
    for (const feature of collection.features) {
      const geometry = feature.geometry
      if (!geometry) continue
      const polygons = geometry.type === 'Polygon' ? [geometry.coordinates] : geometry.coordinates
      this.shapes.set(String(feature.properties.code), { feature, bbox: bboxOf(polygons), polygons })
    }
    this.source('areas')?.setData(this.collection() as never)
    this.paint()
    this.map?.removeFeatureState({ source: 'areas' })
    this.silentSet = '\0'
    this.refresh(null)
    if (this.selected) this.flag(this.selected, { selected: true })
    this.labels()
  }

  update(table: Table, change: Change): void {
    const compared = this.compared()
    this.changes++
    this.table = table
    if (compared !== this.compared()) this.paint()
    if (change.rows === null) this.rowOf = new Map((table.cols.key as string[]).map((code, row) => [code, row]))
    this.refresh(change.rows)
    this.scheduleLabels()
  }

  clear(): void {
    this.changes++
    this.table = null
    this.rowOf = new Map()
    this.map?.removeFeatureState({ source: 'areas' })
    this.refresh(null)
    this.labels()
  }

  has(code: string): boolean {
    return this.shapes.has(code)
  }

  size(): number {
    return this.shapes.size
  }

  codes(): string[] {
    return this.table ? (this.table.cols.key as string[]) : []
  }

  name(code: string): string {
    const p = this.shapes.get(code)?.feature.properties
    return p ? (this.lang === 'en' && p.name_en ? p.name_en : p.name) : code
  }

  /** Rings of an area's polygons, outer ones first, for who draws it somewhere else. */
  polygons(code: string): Ring[][] {
    return this.shapes.get(code)?.polygons ?? []
  }

  bbox(): Bbox | null {
    if (!this.shapes.size) return null
    const box: Bbox = [180, 90, -180, -90]
    for (const { bbox } of this.shapes.values()) {
      box[0] = Math.min(box[0], bbox[0])
      box[1] = Math.min(box[1], bbox[1])
      box[2] = Math.max(box[2], bbox[2])
      box[3] = Math.max(box[3], bbox[3])
    }
    return box
  }

  /** Figures of an area as the last frame gave them, null before. `before` is what the window before had of the measure that
   * is compared, `now` what this one has: NaN where there is nothing to compare with, null where nobody asked. */
  figures(code: string): { count: number; open: number; silent: number; contact: number; now: number; before: number | null } | null {
    const row = this.rowOf.get(code)
    if (row === undefined || !this.table) return null
    const at = (name: string) => Number((this.table!.cols[name] as ArrayLike<number> | undefined)?.[row] ?? 0)
    const before = this.compared() ? at('before') : null
    return { count: at('count'), open: at('open'), silent: at('silent'), contact: at('contact'), now: at(this.measured()), before }
  }

  /** Share of the largest count, or of the largest difference with its sign; 0 where nothing is known. */
  share(code: string): number {
    const figures = this.figures(code)
    return figures ? (figures.before === null ? figures.count : figures.now - figures.before) / this.max() || 0 : 0
  }

  /** The frames carry what the window before had. */
  compared(): boolean {
    return !!this.table?.cols.before
  }

  /** Column of what is compared. */
  private measured(): 'count' | 'open' {
    return this.table?.meta.measure === 'open' ? 'open' : 'count'
  }

  /** Largest count, or of differences the largest whichever its sign; at least 1. */
  max(): number {
    return Math.max(1, Number(this.compared() ? this.table?.meta.most : this.table?.meta.max) || 0)
  }

  /** Code of the area that holds the point, "" for none; the smallest code where areas overlap. */
  at(lon: number, lat: number): string {
    let found = ''
    for (const [code, { bbox }] of this.shapes) {
      if (lon < bbox[0] || lon > bbox[2] || lat < bbox[1] || lat > bbox[3]) continue
      if (found && code > found) continue
      if (this.holds(code, lon, lat)) found = code
    }
    return found
  }

  hover(code: string): void {
    if (code === this.hovered) return
    if (this.hovered) this.flag(this.hovered, { hover: false })
    this.hovered = code
    if (code) this.flag(code, { hover: true })
  }

  select(code: string): void {
    if (code === this.selected) return
    if (this.selected) this.flag(this.selected, { selected: false })
    this.selected = code
    if (code) this.flag(code, { selected: true })
  }

  private source(name: string): GeoJSONSource | undefined {
    return this.map?.getSource(name) as GeoJSONSource | undefined
  }

  private collection(): Collection {
    return { type: 'FeatureCollection', features: [...this.shapes.values()].map((s) => s.feature) }
  }

  private flag(code: string, state: Record<string, boolean>): void {
    if (this.map && this.shapes.has(code)) this.map.setFeatureState({ source: 'areas', id: code }, state)
  }

  private paint(): void {
    const map = this.map
    if (!map) return
    map.setPaintProperty('areas-fill', 'fill-color', tint(this.compared() ? 'difference' : this.scale, this.heat))
    map.setPaintProperty('areas-fill', 'fill-opacity', tintOpacity(this.heat))
    map.setLayoutProperty('area-labels', 'text-size', labelSize(this.shapes.size, this.symbols))
    for (const id of ['areas-fill', 'areas-line', 'areas-silent', 'areas-silent-line', 'areas-highlight', 'area-labels']) {
      map.setLayoutProperty(id, 'visibility', this.visible ? 'visible' : 'none')
    }
  }

  private refresh(rows: Uint32Array | null): void {
    const map = this.map
    if (!map) return
    const table = this.table
    const silent: string[] = []
    if (table) {
      const keys = table.cols.key as string[]
      const before = table.cols.before as Float64Array | undefined
      const counts = table.cols[before ? this.measured() : 'count'] as Uint32Array
      const quiet = table.cols.silent as Uint8Array
      const max = this.max()
      // The scale is relative to the largest count, so a new largest one touches every area.
      const only = rows && this.lastMax === max ? rows : null
      this.lastMax = max
      const set = (row: number) => {
        const code = keys[row]!
        if (this.shapes.has(code)) map.setFeatureState({ source: 'areas', id: code }, { t: before ? (counts[row]! - before[row]!) / max || 0 : counts[row]! / max, silent: quiet[row]! > 0 })
      }
      if (only) for (const row of only) set(row)
      else for (let row = 0; row < table.n; row++) set(row)
      for (let row = 0; row < table.n; row++) if (quiet[row]) silent.push(keys[row]!)
    }
    const name = silent.join('\n')
    if (name === this.silentSet) return
    this.silentSet = name
    const features = silent.flatMap((code) => this.shapes.get(code)?.feature ?? [])
    this.source('silent')?.setData((features.length ? { type: 'FeatureCollection', features } : EMPTY) as never)
  }

  private lastMax = 0
  private symbols = 1

  /** Names so many times as large as on a desk. */
  setSymbols(scale: number): void {
    if (scale === this.symbols) return
    this.symbols = scale
    this.paint()
  }

  private scheduleLabels(): void {
    if (this.labelTimer || this.shapes.size > COUNTED_LABELS) return
    const wait = Math.max(0, this.labelled + LABEL_EVERY_MS - performance.now())
    this.labelTimer = window.setTimeout(() => {
      this.labelTimer = 0
      this.labels()
    }, wait)
  }

  private lastLabels = ''
  /** Where names stand that do not stand at their area's own point; null = left out. Empty until they were worked out. */
  private spots: ReadonlyMap<string, [number, number] | null> = new Map()
  /** Names at other places than their areas' own points. */
  setSpots(spots: ReadonlyMap<string, [number, number] | null>): void {
    this.spots = spots
    this.labels()
  }

  /** What is to be written where: the areas' own points, those with the most first. */
  names(): { code: string; label: string; count: string; at: [number, number]; rank: number }[] {
    const counted = this.shapes.size <= COUNTED_LABELS
    const names = [...this.shapes.values()].map(({ feature, bbox }) => {
      const p = feature.properties
      const figures = this.figures(p.code)
      const count = !counted || !figures ? '' : figures.silent ? (this.lang === 'en' ? 'silent' : '无上报') : figures.before === null ? String(figures.count) : signed(figures.now - figures.before)
      const at: [number, number] = [p.lon ?? (bbox[0] + bbox[2]) / 2, p.lat ?? (bbox[1] + bbox[3]) / 2]
      return { code: p.code, label: this.name(p.code), count, at, rank: -(figures?.count ?? 0) }
    })
    return names.sort((a, b) => a.rank - b.rank || (a.code < b.code ? -1 : 1))
  }

  /** Whether a point lies in an area. */
  holds(code: string, lon: number, lat: number): boolean {
    const shape = this.shapes.get(code)
    return !!shape && holds(shape.polygons, lon, lat)
  }

  private labels(): void {
    if (!this.map) return
    this.labelled = performance.now()
    const features = this.names().flatMap(({ code, label, count, at, rank }) => {
      const spot = this.spots.get(code)
      return spot === null ? [] : { type: 'Feature' as const, properties: { code, label, count, rank }, geometry: { type: 'Point' as const, coordinates: spot ?? at } }
    })
    const text = JSON.stringify(features)
    const source = this.source('labels') as (GeoJSONSource & { gcText?: string }) | undefined
    if (!source || (text === this.lastLabels && source.gcText === text)) return
    this.lastLabels = source.gcText = text
    source.setData({ type: 'FeatureCollection', features })
    drawAgainWith(features.map(({ properties: p }) => p.label + p.count).join(''), () => this.map, () => {
      forgetWidths()
      this.changes++ // names have another size and are placed anew
    })
  }
}
