// Which incidents have a pin on the picture, and where: those that would overlap stand as one with their number, and those of
// one place are fanned out when they are opened.

import type { WebMercatorViewport } from '@deck.gl/core'
import type { Table } from '../tables'
import { cluster, fan, type Pin } from './cluster'
import { nearest, numbers } from './points'

export type Place = [number, number]
export type Standing = Pin & { lon: number; lat: number; /** Fanned out from here. */ from?: Place }
/** What the pins depend on beside the table: which rows have one at all, the edge of a pin's square, who is selected. */
export type Look = { pinned(row: number): boolean; size: number; step: string; selected: string; moving: boolean }

/** While the camera moves pins stay as they are, until the picture is this much larger or smaller (levels of zoom). */
const ZOOM_STEP = 0.5
/** At this zoom those within one square are not worth a flight: they are fanned out where they are. */
export const APART_ZOOM = 17
const CLOSED = 3
/** Pixels between pins that are fanned out. */
const FAN_PX = 34

/** Rows by urgency: what is under way before what is closed, then by severity, then by id. */
export function urgency(table: Table): Uint32Array {
  const keys = table.cols.key as string[]
  const severity = numbers(table, 'severity')
  const state = numbers(table, 'state')
  const closed = (row: number) => (state[row] === CLOSED ? 1 : 0)
  return Uint32Array.from({ length: table.n }, (_, row) => row).sort((a, b) => closed(a) - closed(b) || severity[a]! - severity[b]! || (keys[a]! < keys[b]! ? -1 : 1))
}

/** Pixels of places on the picture; not a number for what lies behind the camera. */
export function projected(view: WebMercatorViewport, lon: ArrayLike<number>, lat: ArrayLike<number>): { x: Float64Array; y: Float64Array } {
  const m = view.viewProjectionMatrix
  const x = new Float64Array(lon.length)
  const y = new Float64Array(lon.length)
  for (let i = 0; i < lon.length; i++) {
    const [u, v] = view.projectFlat([lon[i]!, lat[i]!]) as Place
    const w = m[3]! * u + m[7]! * v + m[15]!
    x[i] = w > 0.01 ? (((m[0]! * u + m[4]! * v + m[12]!) / w + 1) / 2) * view.width : Number.NaN
    y[i] = w > 0.01 ? ((1 - (m[1]! * u + m[5]! * v + m[13]!) / w) / 2) * view.height : Number.NaN
  }
  return { x, y }
}

export class Pins {
  /** In the order they are drawn: the most urgent late, what is selected last. */
  list: Standing[] = []
  private table: Table | null = null
  private order: Uint32Array = new Uint32Array()
  private opened: Set<string> | null = null
  private openedAt = 0
  private seen = ''
  private seenZoom = 0
  private camera = ''

  /** Another table: its rows have pins with the next look. */
  update(table: Table | null): void {
    this.table = table
    this.order = table ? urgency(table) : new Uint32Array()
    this.seen = ''
    if (!table) {
      this.list = []
      this.opened = null
    }
  }

  /** The pins for this camera; the same list while nothing changed. */
  look(view: WebMercatorViewport, { pinned, size, step, selected, moving }: Look): Standing[] {
    const table = this.table
    if (!table) return this.list
    const camera = [view.longitude, view.latitude, view.zoom, view.pitch, view.bearing, view.width, view.height].join()
    const zoomed = Math.abs(view.zoom - this.seenZoom) >= ZOOM_STEP
    const seen = [step, size, selected].join()
    if (seen === this.seen && (camera === this.camera || (moving && !zoomed))) return this.list
    this.seen = seen
    this.camera = camera
    this.seenZoom = view.zoom
    if (this.opened && Math.abs(view.zoom - this.openedAt) >= ZOOM_STEP) this.opened = null

    const keys = table.cols.key as string[]
    const lon = numbers(table, 'lon')
    const lat = numbers(table, 'lat')
    const { x, y } = projected(view, lon, lat)
    const out: number[] = []
    const fanned: number[] = []
    let chosen = -1
    for (const row of this.order) {
      if (selected && keys[row] === selected) chosen = row
      else if (this.opened?.has(keys[row]!)) fanned.push(row)
      else if (pinned(row)) out.push(row)
    }
    const alone = (row: number, at?: Place, from?: Place): Standing => ({ row, rows: [row], lon: at?.[0] ?? lon[row]!, lat: at?.[1] ?? lat[row]!, ...(from ? { from } : {}) })
    const pins: Standing[] = cluster(out, x, y, size).map((pin) => ({ ...pin, lon: lon[pin.row]!, lat: lat[pin.row]! }))
    pins.reverse()
    if (fanned.length) {
      const from: Place = [lon[fanned[0]!]!, lat[fanned[0]!]!]
      // As far from each other as the squares are large.
      const spots = fan(fanned.length, Math.max(FAN_PX, size))
      fanned.forEach((row, i) => pins.push(alone(row, view.unproject([x[fanned[0]!]! + spots[i]![0], y[fanned[0]!]! + spots[i]![1]]) as Place, from)))
    }
    if (chosen >= 0) pins.push(alone(chosen))
    this.list = pins
    return pins
  }

  /** Index of the pin at a pixel, -1 for none; `radius(pin)` in pixels is covered by its symbol. */
  at(project: (lon: number, lat: number) => Place, x: number, y: number, reach: number, radius: (pin: Standing) => number): number {
    const { list } = this
    const places = { n: list.length, meta: {}, cols: { lon: list.map((pin) => pin.lon), lat: list.map((pin) => pin.lat) } } as unknown as Table
    return nearest(places, project, x, y, reach, () => true, { radius: (i) => radius(list[i]!), rank: (i) => list.length - i })
  }

  /** The pin that stands for an incident, itself or as one of several. */
  of(id: string): Standing | null {
    const row = this.table ? (this.table.cols.key as string[]).indexOf(id) : -1
    return this.list.find((pin) => pin.rows.includes(row)) ?? null
  }

  /** Corners [west, south, east, north] of what a pin counts, null where going nearer than `zoom` does not draw it apart: it is to be fanned out. */
  extent(pin: Standing, size: number, zoom: number): [number, number, number, number] | null {
    if (zoom > APART_ZOOM - 0.1) return null
    const lon = pin.rows.map((row) => numbers(this.table, 'lon')[row]!)
    const lat = pin.rows.map((row) => numbers(this.table, 'lat')[row]!)
    const box: [number, number, number, number] = [Math.min(...lon), Math.min(...lat), Math.max(...lon), Math.max(...lat)]
    const perDegree = (512 * 2 ** APART_ZOOM) / 360
    const wide = (box[2] - box[0]) * perDegree
    const high = ((box[3] - box[1]) * perDegree) / Math.cos((box[1] * Math.PI) / 180)
    return Math.max(wide, high) < size ? null : box
  }

  /** Fan out what a pin counts, at this zoom; null folds what is open. */
  open(pin: Standing | null, zoom = 0): void {
    const keys = this.table ? (this.table.cols.key as string[]) : []
    if (!pin && !this.opened) return
    this.opened = pin ? new Set(pin.rows.map((row) => keys[row]!)) : null
    this.openedAt = zoom
    this.seen = ''
  }
}
