// A camera that shows a box in full on a tilted map: MapLibre's own fit ignores what the tilt does to the far and near edge.

import { WebMercatorViewport } from '@deck.gl/core'

export type Bbox = [number, number, number, number]
export type Padding = { top: number; right: number; bottom: number; left: number }
export type Camera = { center: [number, number]; zoom: number; pitch: number; bearing: number }
/** The tilts that are tried, degrees, the most tilted first. */
export const TILTS = [50, 45, 40, 35, 30] as const

const ROUNDS = 8

/** Share of the free height that the tallest column may take. */
export const TALLEST = 0.22
const EARTH_M = 40_075_017

/** The camera stands so many heights of the picture from its middle: MapLibre's field of view of 36.87 degrees. */
const DISTANCE = 1.5

/** Metres that a column in the middle of a camera's picture of `height` pixels may be high, to take `TALLEST` of its `free` pixels. */
export function tallest({ center, zoom, pitch }: Pick<Camera, 'center' | 'zoom' | 'pitch'>, height: number, free = height): number {
  const perPixel = (EARTH_M * Math.cos((center[1] * Math.PI) / 180)) / (512 * 2 ** zoom)
  // Seen from above a column has no height on the screen: below 20 degrees of tilt the bound grows no more.
  const tilt = (Math.max(20, pitch) * Math.PI) / 180
  const share = (TALLEST * free) / height
  // Its top is nearer to the camera than its foot: share = h sin(tilt) D / (D - h cos(tilt)), in heights of the picture.
  return ((DISTANCE * share) / (DISTANCE * Math.sin(tilt) + share * Math.cos(tilt))) * height * perPixel
}

/** Corners and middles of a box's edges: what stands for an area whose shape is not known. */
export function around([west, south, east, north]: Bbox): [number, number][] {
  const midLon = (west + east) / 2
  const midLat = (south + north) / 2
  return [[west, south], [midLon, south], [east, south], [east, midLat], [east, north], [midLon, north], [west, north], [west, midLat]]
}

/** The most tilted camera at which the points still fill 92 % of the free height; the least tilted one where none does. */
export function fitTilted(points: [number, number][], width: number, height: number, padding: Padding, bearing: number): Camera {
  let camera: Camera | null = null
  for (const pitch of TILTS) {
    const found = fit(points, width, height, padding, pitch, bearing)
    camera = found
    if (found.filled >= 0.92) break
  }
  return camera!
}

/** Centre and zoom at which the points fill the free part of the picture; `filled` is their share of its height. `maxZoom` bounds tiny areas. */
export function fit(points: [number, number][], width: number, height: number, padding: Padding, pitch: number, bearing: number, maxZoom = 17): Camera & { filled: number } {
  const west = Math.min(...points.map((p) => p[0]))
  const east = Math.max(...points.map((p) => p[0]))
  const south = Math.min(...points.map((p) => p[1]))
  const north = Math.max(...points.map((p) => p[1]))
  const midLon = (west + east) / 2
  const midLat = (south + north) / 2
  const free = { w: Math.max(50, width - padding.left - padding.right), h: Math.max(50, height - padding.top - padding.bottom) }
  const target = [padding.left + free.w / 2, padding.top + free.h / 2] as const
  const span = Math.max((east - west) / 360, (north - south) / 180, 1e-7)
  let zoom = Math.min(maxZoom, Math.log2(free.w / 512 / span) - 0.5)
  let center: [number, number] = [midLon, midLat]
  let filled = 0
  for (let round = 0; round < ROUNDS; round++) {
    const view = new WebMercatorViewport({ longitude: center[0], latitude: center[1], zoom, pitch, bearing, width, height })
    const seen = points.map((p) => view.project(p))
    const xs = seen.map((p) => p[0]!)
    const ys = seen.map((p) => p[1]!)
    const [x0, x1, y0, y1] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)]
    if (![x0, x1, y0, y1].every(Number.isFinite)) break
    filled = (y1 - y0) / free.h
    const moved = view.unproject([width / 2 + (x0 + x1) / 2 - target[0], height / 2 + (y0 + y1) / 2 - target[1]])
    center = [moved[0]!, moved[1]!]
    zoom = Math.max(2, Math.min(maxZoom, zoom + 0.85 * Math.log2(Math.min(free.w / (x1 - x0), free.h / (y1 - y0)))))
  }
  return { center, zoom, pitch, bearing, filled }
}
