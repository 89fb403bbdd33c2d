// Incidents: severity by shape, size and colour; state by the mark inside; a number where a pin stands for several; new ones pulse.

import type { WebMercatorViewport } from '@deck.gl/core'
import { IconLayer, LineLayer, ScatterplotLayer } from '@deck.gl/layers'
import { type Map as MapLibre, Marker } from 'maplibre-gl'
import { type Atlas, DIGIT_WIDTH } from '../map/sprites'
import { rgb, THEME, themeName } from '../palette'
import type { Change, Table } from '../tables'
import { drawingOrder, numbers, FLAT } from './points'
import { Pins, type Standing } from './pins'

/** Symbol height in pixels by severity, 1 = most urgent. */
const SIZE = [0, 30, 25, 18, 15]
/** The same for a whole district, where they must not hide the columns. */
const SIZE_FAR = [0, 22, 13, 10, 8]
/** Edge of a pin's square, pixels, for a whole district and near: a pin that stands for several fills it. */
const SQUARE = [26, 34] as const
const CHOSEN_PX = 40
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

/** 0 for a whole district to 1 near, in quarters. */
function nearness(zoom: number): number {
  return Math.round(Math.min(Math.max((zoom - 10) / 4, 0), 1) * 4) / 4
}

/** Edge of a pin's square at a zoom, pixels. */
export function squareOf(zoom: number): number {
  return SQUARE[0] + (SQUARE[1] - SQUARE[0]) * nearness(zoom)
}

function symbolSize(severity: number, zoom: number): number {
  const near = nearness(zoom)
  return SIZE_FAR[severity]! + (SIZE[severity]! - SIZE_FAR[severity]!) * near
}

type Digit = { lon: number; lat: number; digit: string; size: number; dx: number; dy: number }

/** The number on a pin that stands for several: smaller the longer it is, and lower in a triangle. */
function figures(pin: Standing, severity: number, scale: number): Digit[] {
  const text = String(pin.rows.length)
  const size = [0, 19, 17, 14, 11][Math.min(text.length, 4)]! * scale
  const advance = size * DIGIT_WIDTH
  return [...text].map((digit, i) => ({ lon: pin.lon, lat: pin.lat, digit, size, dx: (i - (text.length - 1) / 2) * advance, dy: severity === 2 ? 3 * scale : 0 }))
}

export class Incidents {
  table: Table | null = null
  readonly pins = new Pins()
  private digits: { of: Standing[]; list: Digit[] } = { of: [], list: [] }
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
    this.pins.update(table)
    if (change.rows === null) this.welcome(table)
  }

  clear(): void {
    this.table = null
    this.known = null
    this.order = []
    this.pins.update(null)
  }

  /** Ids seen so far are forgotten: the next table is another view's, and nothing in it is news. */
  forget(): void {
    this.known = null
    this.pins.open(null)
  }

  /** `view` is the camera, `moving` while it flies; symbols are `scale` times as large as on a desk. */
  layers(atlas: Atlas, view: WebMercatorViewport, selected: string, moving: boolean, scale = 1): (IconLayer | LineLayer | ScatterplotLayer)[] {
    const table = this.table
    if (!table) return []
    const { zoom } = view
    const lon = numbers(table, 'lon')
    const lat = numbers(table, 'lat')
    const severity = numbers(table, 'severity')
    const state = numbers(table, 'state')
    const keys = table.cols.key as string[]
    const step = zoom < 12.2 ? 0 : zoom < 13.2 ? 1 : 2
    const near = nearness(zoom)
    const square = squareOf(zoom)
    const size = SIZE.map((_, severity) => symbolSize(severity, zoom))
    const closed = rgb(THEME.closed)
    const colours = THEME.dots.map((hex) => (hex ? rgb(hex) : ([0, 0, 0] as const)))
    const pins = this.pins.look(view, { pinned: (row) => !drawnAsDot(severity[row]!, zoom), size: square * scale, step: String(step), selected, moving })
    const several = pins.filter((pin) => pin.rows.length > 1)
    if (this.digits.of !== pins) this.digits = { of: pins, list: several.flatMap((pin) => figures(pin, severity[pin.row]!, scale)) }
    const legs = pins.filter((pin) => pin.from)
    const icons = { iconAtlas: atlas.image as never, iconMapping: atlas.mapping, sizeUnits: 'pixels', ...FLAT } as const
    return [
      new ScatterplotLayer({
        id: 'incidents-dots',
        data: this.order as never,
        getPosition: (row: number) => [lon[row]!, lat[row]!],
        getRadius: (row: number) => (drawnAsDot(severity[row]!, zoom) ? (severity[row] === 3 ? 2.6 : 2) : 0),
        getFillColor: (row: number) => (state[row] === 3 ? [...closed, 130] : [...colours[severity[row]!]!, 170] as never),
        radiusUnits: 'pixels',
        radiusScale: scale,
        billboard: true,
        stroked: false,
        ...FLAT,
        updateTriggers: { getPosition: this.version, getRadius: [this.version, step], getFillColor: [this.version, themeName()] },
      }),
      new LineLayer<Standing>({
        id: 'incidents-legs',
        data: legs,
        visible: legs.length > 0,
        getSourcePosition: (pin) => pin.from!,
        getTargetPosition: (pin) => [pin.lon, pin.lat],
        getColor: [...rgb(THEME.leg), 190],
        getWidth: 1.5,
        widthUnits: 'pixels',
        ...FLAT,
      }),
      new IconLayer<Standing>({
        id: 'incidents',
        data: pins,
        ...icons,
        getPosition: (pin) => [pin.lon, pin.lat],
        getIcon: ({ row, rows }) => (rows.length > 1 ? `several-${severity[row]}-${state[row] === 3 ? 1 : 0}` : `incident-${severity[row]}-${state[row]}`),
        getSize: (pin) => {
          if (pin.rows.length > 1) return square
          if (selected && keys[pin.row] === selected) return CHOSEN_PX
          return (pin.from ? SIZE : size)[severity[pin.row]!]! * (state[pin.row] === 3 ? 0.8 : 1)
        },
        sizeScale: scale,
        updateTriggers: { getSize: [near] },
      }),
      new IconLayer<Digit>({
        id: 'incidents-numbers',
        data: this.digits.list,
        visible: several.length > 0,
        ...icons,
        getPosition: (digit) => [digit.lon, digit.lat],
        getIcon: (digit) => `digit-${digit.digit}`,
        getSize: (digit) => digit.size,
        getPixelOffset: (digit) => [digit.dx, digit.dy],
      }),
    ]
  }

  /** Pixels from its place that a pin's symbol covers. */
  radius(pin: Standing, zoom: number, selected: string): number {
    if (pin.rows.length > 1) return squareOf(zoom) / 2
    if (selected && (this.table?.cols.key as string[])[pin.row] === selected) return CHOSEN_PX / 2
    return symbolRadius(numbers(this.table, 'severity')[pin.row]!, pin.from ? 14 : zoom)
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
