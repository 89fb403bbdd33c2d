// Cameras: dots from afar, the field of view from near; those that are offline are crossed.

import { IconLayer, SolidPolygonLayer } from '@deck.gl/layers'
import type { Atlas } from '../map/sprites'
import { rgb, THEME } from '../palette'
import type { Table } from '../tables'
import { numbers, FLAT } from './points'

export const CAMERAS_FROM_ZOOM = 11.6
const NEAR_ZOOM = 14.6
/** How far a wedge reaches, metres: a picture of the direction, not a claim of range. */
const REACH_M = 70
const MOST_WEDGES = 600

/** Outline of a field of view, lon/lat: `bearing` clockwise from north, `fov` in degrees. */
export function wedge(lon: number, lat: number, bearing: number, fov: number): [number, number][] {
  const perLat = REACH_M / 111_320
  const perLon = perLat / Math.cos((lat * Math.PI) / 180)
  const steps = Math.max(2, Math.ceil(fov / 15))
  const points: [number, number][] = [[lon, lat]]
  for (let i = 0; i <= steps; i++) {
    const angle = ((bearing - fov / 2 + (fov * i) / steps) * Math.PI) / 180
    points.push([lon + Math.sin(angle) * perLon, lat + Math.cos(angle) * perLat])
  }
  return points
}

export class Cameras {
  table: Table | null = null
  private version = 0
  private data = { length: 0 }

  update(table: Table): void {
    this.table = table
    this.version++
    this.data = { length: table.n }
  }

  clear(): void {
    this.table = null
  }

  layers(atlas: Atlas, zoom: number, bounds: [number, number, number, number], selected: string, scale = 1): (IconLayer | SolidPolygonLayer)[] {
    const table = this.table
    if (!table || zoom < CAMERAS_FROM_ZOOM) return []
    const lon = numbers(table, 'lon')
    const lat = numbers(table, 'lat')
    const online = numbers(table, 'online')
    const near = zoom >= NEAR_ZOOM
    const chosen = selected ? (table.cols.key as string[]).indexOf(selected) : -1
    const out: (IconLayer | SolidPolygonLayer)[] = []
    if (near) out.push(this.wedges(table, bounds, chosen))
    out.push(
      new IconLayer({
        id: 'cameras',
        data: this.data as never,
        iconAtlas: atlas.image as never,
        iconMapping: atlas.mapping,
        getPosition: (_: unknown, { index }: { index: number }) => [lon[index]!, lat[index]!],
        getIcon: (_: unknown, { index }: { index: number }) => `${near ? 'camera-near' : 'camera'}-${online[index] ? 1 : 0}`,
        getSize: (_: unknown, { index }: { index: number }) => (index === chosen ? 34 : near ? 22 : online[index] ? 8 : 10),
        sizeUnits: 'pixels',
        sizeScale: scale * (near ? 1 : Math.min(1.2, 0.55 + (zoom - CAMERAS_FROM_ZOOM) * 0.25)),
        opacity: near ? 1 : Math.min(0.9, 0.35 + (zoom - CAMERAS_FROM_ZOOM) * 0.3),
        ...FLAT,
        updateTriggers: { getPosition: this.version, getIcon: [this.version, near], getSize: [this.version, near, chosen] },
      }),
    )
    return out
  }

  private wedges(table: Table, [west, south, east, north]: [number, number, number, number], chosen: number): SolidPolygonLayer {
    const lon = numbers(table, 'lon')
    const lat = numbers(table, 'lat')
    const bearing = numbers(table, 'bearing')
    const fov = numbers(table, 'fov')
    const online = numbers(table, 'online')
    const rows: number[] = []
    for (let row = 0; row < table.n && rows.length < MOST_WEDGES; row++) {
      const inView = lon[row]! >= west && lon[row]! <= east && lat[row]! >= south && lat[row]! <= north
      if (inView && online[row] && bearing[row]! >= 0) rows.push(row)
    }
    const colour = rgb(THEME.wedge)
    return new SolidPolygonLayer<number>({
      id: 'camera-wedges',
      data: rows,
      getPolygon: (row) => wedge(lon[row]!, lat[row]!, bearing[row]!, fov[row]! > 0 ? fov[row]! : 60) as never,
      getFillColor: (row) => (row === chosen ? [...colour, 130] : [...colour, 46]),
      extruded: false,
      ...FLAT,
    })
  }
}
