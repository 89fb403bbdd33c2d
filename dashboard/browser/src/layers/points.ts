// What incidents, units and cameras share: rows with lon and lat, found by the pointer without a picking render.

import { LABELS } from '../map/style'
import type { Table } from '../tables'

export type Project = (lon: number, lat: number) => [number, number]

export function numbers(table: Table | null, name: string): ArrayLike<number> {
  return (table?.cols[name] as ArrayLike<number> | undefined) ?? []
}

/** Rows from the least urgent to the most urgent; among equals as the table has them. */
export function drawingOrder(table: Table): number[] {
  const severity = numbers(table, 'severity')
  return Array.from({ length: table.n }, (_, row) => row).sort((a, b) => severity[b]! - severity[a]! || a - b)
}

/** What lies above what: `radius(row)` in pixels is covered by the row's symbol, the lowest `rank(row)` is drawn on top. */
export type Stack = { radius(row: number): number; rank(row: number): number }

/**
 * Nearest row within `reach` pixels of (x, y), -1 for none. `show(row)` leaves rows out. With a `stack` a symbol that
 * covers the point goes before one that is only near, and of several that cover it the one on top is meant.
 */
export function nearest(table: Table | null, project: Project, x: number, y: number, reach: number, show: (row: number) => boolean, stack?: Stack): number {
  if (!table) return -1
  const lon = numbers(table, 'lon')
  const lat = numbers(table, 'lat')
  let best = -1
  let least = reach * reach
  let top = Number.POSITIVE_INFINITY
  for (let row = 0; row < table.n; row++) {
    if (!show(row)) continue
    const [px, py] = project(lon[row]!, lat[row]!)
    const d = (px - x) ** 2 + (py - y) ** 2
    const rank = stack && d <= Math.min(reach, stack.radius(row)) ** 2 ? stack.rank(row) : Number.POSITIVE_INFINITY
    // Of equals at the same place the later row is drawn on top.
    if (rank < top || (rank === top && (d < least || (d === least && Number.isFinite(rank))))) {
      top = rank
      least = d
      best = row
    }
  }
  return best
}

/** What all flat symbols share: on top of the columns whatever their depth, and below the names. */
export const FLAT = { beforeId: LABELS, parameters: { depthCompare: 'always', depthWriteEnabled: false } } as object
