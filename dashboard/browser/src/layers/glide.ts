// Between two fixes a unit is somewhere on its way: it glides from where it was seen to where it was last heard from.

import type { Table } from '../tables'
import { numbers } from './points'

/** A glide takes as long as the fixes lay apart, within these bounds, ms. */
export const SHORTEST_MS = 300
export const LONGEST_MS = 4_500
/** Further than this (degrees, some 2 km) nobody moves between two fixes: the unit is there at once. */
const JUMP_DEG = 0.02

type Way = { lon: number; lat: number; at: number; fromLon: number; fromLat: number; began: number; took: number }

export class Glide {
  /** Where the units are shown, by row of the table. */
  lon = new Float64Array(0)
  lat = new Float64Array(0)
  private rows: Way[] = []
  private ways = new Map<string, Way>()
  private until = 0

  /** New fixes. Without `smooth` every unit is where it was last heard from. Times in ms of one clock. */
  update(table: Table, now: number, smooth: boolean): void {
    const keys = table.cols.key as string[]
    const lon = numbers(table, 'lon')
    const lat = numbers(table, 'lat')
    const at = numbers(table, 'at')
    const before = this.ways
    this.ways = new Map()
    this.rows = new Array(table.n)
    if (this.lon.length !== table.n) {
      this.lon = new Float64Array(table.n)
      this.lat = new Float64Array(table.n)
    }
    for (let row = 0; row < table.n; row++) {
      const key = keys[row]!
      const [toLon, toLat, heard] = [lon[row]!, lat[row]!, at[row] ?? 0]
      let way = before.get(key)
      if (!way || !smooth) way = { lon: toLon, lat: toLat, at: heard, fromLon: toLon, fromLat: toLat, began: now, took: 0 }
      else if (way.lon !== toLon || way.lat !== toLat) {
        const [fromLon, fromLat] = place(way, now)
        const far = Math.max(Math.abs(toLon - fromLon), Math.abs(toLat - fromLat)) > JUMP_DEG
        const took = far ? 0 : Math.min(LONGEST_MS, Math.max(SHORTEST_MS, heard - way.at))
        way = { lon: toLon, lat: toLat, at: heard, fromLon, fromLat, began: now, took }
        this.until = Math.max(this.until, now + took)
      }
      this.ways.set(key, way)
      this.rows[row] = way
    }
    this.step(now)
  }

  /** Whether anybody is still on the way. */
  moving(now: number): boolean {
    return now < this.until
  }

  /** Everybody to where they are now. The longest step that anybody made since the last call, degrees. */
  step(now: number): number {
    let longest = 0
    for (let row = 0; row < this.rows.length; row++) {
      const [lon, lat] = place(this.rows[row]!, now)
      longest = Math.max(longest, Math.abs(lon - this.lon[row]!), Math.abs(lat - this.lat[row]!))
      this.lon[row] = lon
      this.lat[row] = lat
    }
    return longest
  }

  /** The longest step that `step` would make. */
  due(now: number): number {
    let longest = 0
    for (let row = 0; row < this.rows.length; row++) {
      const way = this.rows[row]!
      if (way.lon === this.lon[row] && way.lat === this.lat[row]) continue
      const [lon, lat] = place(way, now)
      longest = Math.max(longest, Math.abs(lon - this.lon[row]!), Math.abs(lat - this.lat[row]!))
    }
    return longest
  }

  clear(): void {
    this.ways.clear()
    this.rows = []
    this.until = 0
  }
}

function place(way: Way, now: number): [number, number] {
  const t = way.took > 0 ? (now - way.began) / way.took : 1
  if (t >= 1) return [way.lon, way.lat]
  return [way.fromLon + (way.lon - way.fromLon) * Math.max(0, t), way.fromLat + (way.lat - way.fromLat) * Math.max(0, t)]
}
