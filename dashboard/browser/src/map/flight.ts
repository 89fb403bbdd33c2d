// Where the camera goes: to what the page points at, unless its reader has taken it over.

import type { MapLibreMap } from 'maplibre-gl'
import { around, type Bbox, type Camera, fit, fitTilted, tallest } from './fit'
import type { Focus, Options } from './options'
import { APART_ZOOM } from '../layers/pins'
import { reducedMotion } from './surface'

const FLY_MS = 1_400
const FOLLOW_MS = 400

export class Flight {
  focus: Focus = null
  padding: Options['padding']
  /** The camera was put somewhere once. */
  placed = false
  /** The reader moved the map since it was last pointed at a place. */
  free = false
  /** Where the map was last pointed at. */
  private aimed: Camera | null = null

  constructor(
    private readonly host: HTMLElement,
    private readonly map: () => MapLibreMap | null,
  ) {}

  setFocus(focus: Focus): void {
    this.focus = focus
    this.free = !!focus?.camera
    if (focus?.camera) {
      const { lon, lat, ...rest } = focus.camera
      this.aimed = { center: [lon, lat], ...rest }
      // Who is followed moves in small steps: the map glides along instead of flying.
      if (focus.still && this.placed && !reducedMotion()) this.map()?.easeTo({ ...this.aimed, duration: FOLLOW_MS, easing: (x) => x, essential: true })
      else this.go(this.aimed, this.placed && !focus.still)
    } else if (focus?.bbox) this.fly(focus.bbox, this.placed)
  }

  fly(bbox: Bbox, animate: boolean): void {
    if (!this.map()) return
    const { clientWidth: width, clientHeight: height } = this.host
    const p = this.padding ?? {}
    const margin = Math.min(36, width / 24, height / 24)
    // Columns rise from the far edge: a little more room above.
    const padding = { top: (p.top ?? 0) + margin + height * 0.05, right: (p.right ?? 0) + margin, bottom: (p.bottom ?? 0) + margin, left: (p.left ?? 0) + margin }
    const points = this.focus?.bbox === bbox && this.focus.hull?.length ? this.focus.hull : around(bbox)
    const bearing = this.focus?.bearing ?? 0
    const pitch = this.focus?.pitch
    const target = pitch === undefined ? fitTilted(points, width, height, padding, bearing) : fit(points, width, height, padding, pitch, bearing)
    this.aimed = target
    this.go(target, animate)
  }

  /** To a box from where the reader stands, who has taken the camera over by asking for it. */
  near(bbox: Bbox): void {
    const map = this.map()
    if (!map) return
    const { clientWidth: width, clientHeight: height } = this.host
    const { top = 0, right = 0, bottom = 0, left = 0 } = this.padding ?? {}
    const free = Math.min(width - left - right, height - top - bottom) / 6
    this.free = true
    this.go(fit(around(bbox), width, height, { top: top + free, right: right + free, bottom: bottom + free, left: left + free }, map.getPitch(), map.getBearing(), APART_ZOOM), true)
  }

  go(target: Camera, animate: boolean): void {
    const map = this.map()
    if (!map) return
    this.placed = true
    if (!animate || reducedMotion()) map.jumpTo(target)
    else map.flyTo({ ...target, duration: FLY_MS, curve: 1.2, essential: true })
  }

  /** What covers the map, or its size, changed: unless the reader moved it, the focus fills it again. */
  refit(): void {
    if (this.placed && !this.free && this.focus?.bbox) this.fly(this.focus.bbox, false)
  }

  /** Metres that a column of `natural` metres is drawn with on a map of `hostHeight` pixels. */
  columnHeight(natural: number, hostHeight: number): number {
    if (!this.aimed) return natural
    // By the camera of the focus, not the reader's: columns keep their height while the map is moved by hand.
    const height = Math.max(100, hostHeight)
    const { top = 0, bottom = 0 } = this.padding ?? {}
    return Math.min(natural, tallest(this.aimed, height, Math.max(height / 3, height - top - bottom)))
  }
}

/** Where a camera stands, as a page is told. */
export function viewportOf(map: MapLibreMap): Record<string, unknown> {
  const { lng, lat } = map.getCenter()
  const b = map.getBounds()
  const round = (v: number, digits: number) => Number(v.toFixed(digits))
  return {
    lon: round(lng, 6),
    lat: round(lat, 6),
    zoom: round(map.getZoom(), 3),
    pitch: round(map.getPitch(), 1),
    bearing: round(map.getBearing(), 1),
    bbox: [b.getWest(), b.getSouth(), b.getEast(), b.getNorth()].map((v) => round(v, 6)),
  }
}
