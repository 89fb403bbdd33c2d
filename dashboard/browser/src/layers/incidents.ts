// Incidents: severity by shape, size and colour; state by the mark inside; new ones pulse.

import { IconLayer, ScatterplotLayer } from '@deck.gl/layers'
import { type Map as MapLibre, Marker } from 'maplibre-gl'
import type { Atlas } from '../map/sprites'
import { rgb, SEVERITY } from '../palette'
import type { Change, Table } from '../tables'
import { drawingOrder, numbers, FLAT } from './points'

/** Symbol height in pixels by severity, 1 = most urgent. */
const SIZE = [0, 30, 25, 18, 15]
/** The same for a whole district, where they must not hide the columns. */
const SIZE_FAR = [0, 22, 13, 10, 8]
const PULSE_MS = 12_000
const MOST_PULSES = 16

/** Routine matters are dots until the view is near: a district has thousands, and the urgent must stand out. */
export function drawnAsDot(severity: number, zoom: number): boolean {
  return (severity >= 4 && zoom < 13.2) || (severity >= 3 && zoom < 12.2)
}

/** Pixels from its middle that a symbol of a severity covers at a zoom. */
export function symbolRadius(severity: number, zoom: number): number {
  return symbolSize(severity, zoom) / 2
}

function symbolSize(severity: number, zoom: number): number {
  const near = Math.round(Math.min(Math.max((zoom - 10) / 4, 0), 1) * 4) / 4
  return SIZE_FAR[severity]! + (SIZE[severity]! - SIZE_FAR[severity]!) * near
}

export class Incidents {
  table: Table | null = null
  private known: Set<string> | null = null
  /** Rows as they are drawn: the most urgent last, on top of the rest. */
  private order: number[] = []
  private version = 0
  private map: MapLibre | null = null
  private pulses: { marker: Marker; element: HTMLElement; until: number }[] = []

  attach(map: MapLibre): void {
    this.map = map
  }

  detach(): void {
    for (const { marker } of this.pulses) marker.remove()
    this.pulses = []
    this.map = null
  }

  update(table: Table, change: Change): void {
    this.table = table
    this.version++
    this.order = drawingOrder(table)
    if (change.rows === null) this.welcome(table)
  }

  clear(): void {
    this.table = null
    this.known = null
    this.order = []
  }

  /** Ids seen so far are forgotten: the next table is another view's, and nothing in it is news. */
  forget(): void {
    this.known = null
  }

  layers(atlas: Atlas, zoom: number, selected: string): (IconLayer | ScatterplotLayer)[] {
    const table = this.table
    if (!table) return []
    const lon = numbers(table, 'lon')
    const lat = numbers(table, 'lat')
    const severity = numbers(table, 'severity')
    const state = numbers(table, 'state')
    const keys = table.cols.key as string[]
    const step = zoom < 12.2 ? 0 : zoom < 13.2 ? 1 : 2
    const near = Math.round(Math.min(Math.max((zoom - 10) / 4, 0), 1) * 4) / 4
    const size = SIZE.map((_, severity) => symbolSize(severity, zoom))
    const chosen = selected ? keys.indexOf(selected) : -1
    const colours = SEVERITY.map((hex) => (hex ? rgb(hex) : ([0, 0, 0] as const)))
    return [
      new ScatterplotLayer({
        id: 'incidents-dots',
        data: this.order as never,
        getPosition: (row: number) => [lon[row]!, lat[row]!],
        getRadius: (row: number) => (drawnAsDot(severity[row]!, zoom) ? (severity[row] === 3 ? 2.6 : 2) : 0),
        getFillColor: (row: number) => (state[row] === 3 ? [139, 153, 179, 130] : [...colours[severity[row]!]!, 170] as never),
        radiusUnits: 'pixels',
        billboard: true,
        stroked: false,
        ...FLAT,
        updateTriggers: { getPosition: this.version, getRadius: [this.version, step], getFillColor: this.version },
      }),
      new IconLayer({
        id: 'incidents',
        data: this.order as never,
        iconAtlas: atlas.image as never,
        iconMapping: atlas.mapping,
        getPosition: (row: number) => [lon[row]!, lat[row]!],
        getIcon: (row: number) => `incident-${severity[row]}-${state[row]}`,
        getSize: (row: number) =>
          row === chosen ? 40 : drawnAsDot(severity[row]!, zoom) ? 0 : size[severity[row]!]! * (state[row] === 3 ? 0.8 : 1),
        sizeUnits: 'pixels',
        ...FLAT,
        updateTriggers: { getPosition: this.version, getIcon: this.version, getSize: [this.version, chosen, step, near] },
      }),
    ]
  }

  // Elements with a CSS animation, not a shader: a pulse then costs no redraw of the map.
  private welcome(table: Table): void {
    const keys = table.cols.key as string[]
    const before = this.known
    this.known = new Set(keys)
    if (!before || !this.map) return
    const now = performance.now()
    this.pulses = this.pulses.filter((pulse) => {
      if (pulse.until > now) return true
      pulse.marker.remove()
      return false
    })
    const lon = numbers(table, 'lon')
    const lat = numbers(table, 'lat')
    const severity = numbers(table, 'severity')
    for (let row = 0; row < table.n && this.pulses.length < MOST_PULSES; row++) {
      if (before.has(keys[row]!)) continue
      const element = document.createElement('div')
      element.className = `gc-pulse gc-pulse-${severity[row]}`
      element.setAttribute('aria-hidden', 'true')
      element.appendChild(document.createElement('i'))
      const marker = new Marker({ element }).setLngLat([lon[row]!, lat[row]!]).addTo(this.map)
      this.pulses.push({ marker, element, until: now + PULSE_MS })
      window.setTimeout(() => marker.remove(), PULSE_MS)
    }
  }
}
