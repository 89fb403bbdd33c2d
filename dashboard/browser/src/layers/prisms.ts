// Areas raised by what is counted in them: MapLibre's extruded polygons, whose colours and heights follow the areas' own state.

import type { ExpressionSpecification, MapLibreMap } from 'maplibre-gl'
import { colourAt, rgb, type ScaleName, upon } from '../palette'
import { tint, tintAt } from '../map/style'
import { differenceAt } from './difference'

const ID = 'areas-raised'
/** Layer of the style that they are drawn before; what deck.gl draws comes later. */
const BENEATH = 'outline-glow'
const OPACITY = 0.86
/** As strong as MapLibre's light usually is. Its height in the sky stays, so that tops are as bright at any hour. */
const INTENSITY = 0.3
const RADIUS = 1.15
const POLAR = 30

/** Signs stand on the ground: what is raised high would push them off the area that they lie in. Share of a column's height. */
export const LOW = 0.4

/** Height of an area with a share t of the largest count, as a share of the tallest; what fell stays on the ground. */
export function raisedAt(t: number): number {
  return Math.max(0, t) ** 0.7
}

/** Colour of the top of such an area as it is seen: MapLibre's shader of extruded fills, over the land. */
export function raisedSeen(scale: ScaleName, t: number, land: string): string {
  const colour = rgb(colourAt(scale, scale === 'difference' ? differenceAt(t) : tintAt(t))).map((c) => c / 255)
  const [r, g, b] = colour as [number, number, number]
  const bright = Math.max(1 - (0.2126 * r + 0.7152 * g + 0.0722 * b) + INTENSITY, 1)
  const top = 1 - INTENSITY + (bright - 1 + INTENSITY) * Math.min(1, RADIUS * Math.cos((POLAR * Math.PI) / 180))
  const [x, y, z] = colour.map((c) => Math.min(1, (c + 0.03) * top) * 255) as [number, number, number]
  return upon([x, y, z], OPACITY, rgb(land))
}

export class Prisms {
  private map: MapLibreMap | null = null
  private seen = ''

  attach(map: MapLibreMap): void {
    this.map = map
    this.seen = ''
  }

  detach(): void {
    this.map = null
  }

  /** `height` metres for the largest count, null for flat areas; the light comes from `light` [east, north]. */
  look(height: number | null, scale: ScaleName, light: [number, number]): void {
    const { map } = this
    const seen = height === null ? '' : [Math.round(height), scale, tint(scale, false), ...light.map((x) => x.toFixed(2))].join()
    if (!map || seen === this.seen) return
    this.seen = seen
    if (height === null) {
      if (map.getLayer(ID)) map.setLayoutProperty(ID, 'visibility', 'none')
      return
    }
    const share: ExpressionSpecification = ['max', 0, ['number', ['feature-state', 't'], 0]]
    const paint = { 'fill-extrusion-color': tint(scale, false), 'fill-extrusion-height': ['*', Math.round(height), ['^', share, 0.7]] as ExpressionSpecification }
    if (!map.getLayer(ID)) map.addLayer({ id: ID, type: 'fill-extrusion', source: 'areas', paint: { ...paint, 'fill-extrusion-opacity': OPACITY } }, BENEATH)
    else for (const [name, value] of Object.entries(paint)) map.setPaintProperty(ID, name as never, value as never)
    map.setLayoutProperty(ID, 'visibility', 'visible')
    map.setLight({ anchor: 'map', color: 'white', intensity: INTENSITY, position: [RADIUS, (Math.atan2(light[0], light[1]) * 180) / Math.PI, POLAR] })
  }
}
