// The heat layer's mirror on the CPU: what is uploaded when there is a WebGL context to upload it to.

import { cellToBoundary, latLngToCell } from 'h3-js'
import type { Change, Table } from '../tables'
import type { Columns } from '../wire'

/** Cells in one row of the textures. */
export const ROW = 256

/** Web Mercator as deck.gl's common space: the world is 512 units wide, y grows northwards. */
export function toCommon(lon: number, lat: number): [number, number] {
  const y = Math.log(Math.tan(Math.PI / 4 + (Math.min(Math.max(lat, -85.05), 85.05) * Math.PI) / 360))
  return [((lon + 180) / 360) * 512, (256 * (y + Math.PI)) / Math.PI]
}

/** H3 cell as the hexadecimal text that h3-js takes. */
export function cellText(cell: bigint): string {
  return cell.toString(16)
}

/**
 * Six corners of a cell, lat/lng. A pentagon repeats its last corner; a cell cut by an edge of the icosahedron has up to
 * four more corners on nearly straight lines, of which those that bend least are left out.
 */
export function sixCorners(cell: string): [number, number][] {
  const corners = cellToBoundary(cell) as [number, number][]
  while (corners.length < 6) corners.push(corners[corners.length - 1]!)
  while (corners.length > 6) {
    let least = 0
    let smallest = Number.POSITIVE_INFINITY
    corners.forEach((here, i) => {
      const before = corners[(i + corners.length - 1) % corners.length]!
      const after = corners[(i + 1) % corners.length]!
      const bend = Math.abs((here[0] - before[0]) * (after[1] - here[1]) - (here[1] - before[1]) * (after[0] - here[0]))
      if (bend < smallest) {
        smallest = bend
        least = i
      }
    })
    corners.splice(least, 1)
  }
  return corners
}

/** Nothing is drawn where there is nothing to compare with. */
function differences(values: Float32Array, before: Float32Array): Float32Array {
  return values.map((value, row) => value - before[row]! || 0)
}

export class HeatModel {
  n = 0
  res = 0
  /** Largest value, the top of the scale; at least 1. Of differences the largest, whichever its sign. */
  max = 1
  /** Values are differences from the window before. */
  compared = false
  private cols: Columns = {}
  total = 0
  measure = ''
  keys: BigUint64Array = new BigUint64Array()
  /** Common space of the anchor; corners are offsets from it, so that float32 is exact to millimetres. */
  anchor: [number, number] = [0, 0]
  /** [row of ROW cells][6 corners][x, y], padded to whole rows. */
  corners = new Float32Array()
  /** [cell][from, to, start in seconds, unused], padded to whole rows. */
  values = new Float32Array()
  /** Grows with every change, whatever it is. */
  changes = 0
  /** Grows when the set of cells changes: everything is uploaded again. */
  generation = 0
  /** Diagonal of the box around all cells, metres. */
  extent = 0
  /** Seconds a value takes to change; 0 = at once. */
  transition = 0.4
  /** performance.now() when the last transition ends, ms. */
  busyUntil = 0
  private dirtyRows = new Uint8Array()
  private rows: Map<bigint, number> | null = null
  private epoch = 0

  /** Seconds on the clock the values' starts are on. */
  clock(now: number): number {
    return (now - this.epoch) / 1000
  }

  update(table: Table, change: Change, now: number): void {
    const keys = table.cols.key as BigUint64Array
    this.changes++
    this.cols = table.cols
    this.compared = !!table.cols.before
    const values = this.compared ? differences(table.cols.value as Float32Array, table.cols.before as Float32Array) : (table.cols.value as Float32Array)
    this.max = Math.max(1, Number(this.compared ? table.meta.most : table.meta.max) || 0)
    this.total = Number(table.meta.total) || 0
    this.measure = String(table.meta.measure ?? '')
    if (change.rows === null) this.replace(keys, values, Number(table.meta.res) || 0, now)
    else for (const row of change.rows) this.set(row, values[row]!, now)
  }

  clear(): void {
    this.changes++
    this.cols = {}
    this.compared = false
    this.replace(new BigUint64Array(), new Float32Array(), this.res, 0)
  }

  /** What row shows at `now` (ms), in the middle of its transition if need be. */
  shown(row: number, now: number): number {
    const at = row * 4
    const from = this.values[at]!
    const to = this.values[at + 1]!
    if (this.transition <= 0) return to
    const a = Math.min(Math.max((this.clock(now) - this.values[at + 2]!) / this.transition, 0), 1)
    return from + (to - from) * a * a * (3 - 2 * a)
  }

  value(row: number): number {
    return this.values[row * 4 + 1]!
  }

  /** What was counted in the row's cell, and what the window before had there, NaN where that is not known or not asked. */
  figures(row: number): { count: number; before: number } {
    const at = (name: string) => Number((this.cols[name] as ArrayLike<number> | undefined)?.[row] ?? Number.NaN)
    return { count: at('value'), before: at('before') }
  }

  /** Corners of a row's cell, common space. */
  outline(row: number): [number, number][] {
    return [0, 1, 2, 3, 4, 5].map((k) => [this.corners[row * 12 + k * 2]! + this.anchor[0], this.corners[row * 12 + k * 2 + 1]! + this.anchor[1]])
  }

  /** Row of the cell, or -1. */
  row(cell: bigint): number {
    if (!this.rows) {
      this.rows = new Map()
      for (let i = 0; i < this.n; i++) this.rows.set(this.keys[i]!, i)
    }
    return this.rows.get(cell) ?? -1
  }

  rowAt(lon: number, lat: number): number {
    return this.n ? this.row(BigInt(`0x${latLngToCell(lat, lon, this.res)}`)) : -1
  }

  /** Ranges of texture rows to upload since the last call: [first, count]. */
  takeDirty(): [number, number][] {
    const ranges: [number, number][] = []
    const dirty = this.dirtyRows
    for (let i = 0; i < dirty.length; i++) {
      if (!dirty[i]) continue
      const last = ranges[ranges.length - 1]
      // A gap of one row costs less to send than another call.
      if (last && i <= last[0] + last[1] + 1) last[1] = i - last[0] + 1
      else ranges.push([i, 1])
      dirty[i] = 0
    }
    return ranges
  }

  private set(row: number, value: number, now: number): void {
    const at = row * 4
    if (this.values[at + 1] === value) return
    this.values[at] = this.transition > 0 ? this.shown(row, now) : value
    this.values[at + 1] = value
    this.values[at + 2] = this.clock(now)
    this.dirtyRows[row >> 8] = 1
    if (this.transition > 0) this.busyUntil = Math.max(this.busyUntil, now + this.transition * 1000)
  }

  private replace(keys: BigUint64Array, values: Float32Array, res: number, now: number): void {
    const n = keys.length
    const shownBefore = new Map<bigint, number>()
    const reusable = new Map<bigint, number>()
    if (res === this.res) {
      for (let i = 0; i < this.n; i++) {
        reusable.set(this.keys[i]!, i)
        shownBefore.set(this.keys[i]!, this.shown(i, now))
      }
    }
    const rows = Math.ceil(n / ROW)
    const corners = new Float32Array(rows * ROW * 12)
    const next = new Float32Array(rows * ROW * 4)
    const anchored = this.n > 0 && res === this.res && n > 0
    if (!anchored && n) {
      const [lat, lng] = cellToBoundary(cellText(keys[n >> 1]!))[0] as [number, number]
      this.anchor = toCommon(lng, lat)
    }
    const smooth = this.transition > 0
    this.epoch = now
    for (let i = 0; i < n; i++) {
      const key = keys[i]!
      const old = anchored ? reusable.get(key) : undefined
      if (old !== undefined) corners.set(this.corners.subarray(old * 12, old * 12 + 12), i * 12)
      else this.place(cellText(key), corners, i * 12)
      next[i * 4] = smooth ? (shownBefore.get(key) ?? 0) : values[i]!
      next[i * 4 + 1] = values[i]!
    }
    this.n = n
    this.res = res
    this.extent = this.measureExtent(corners, n)
    // A copy: the table's own column is replaced with the next frame, and rows are looked up long after.
    this.keys = keys.slice()
    this.corners = corners
    this.values = next
    this.rows = null
    this.dirtyRows = new Uint8Array(rows)
    this.generation++
    if (smooth) this.busyUntil = now + this.transition * 1000
  }

  private measureExtent(corners: Float32Array, n: number): number {
    let [x0, y0, x1, y1] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY]
    for (let i = 0; i < n * 12; i += 12) {
      x0 = Math.min(x0, corners[i]!)
      x1 = Math.max(x1, corners[i]!)
      y0 = Math.min(y0, corners[i + 1]!)
      y1 = Math.max(y1, corners[i + 1]!)
    }
    if (!n) return 0
    const latitude = Math.atan(Math.sinh(((this.anchor[1] - 256) * Math.PI) / 256))
    return Math.hypot(x1 - x0, y1 - y0) * (40_075_017 / 512) * Math.cos(latitude)
  }

  private place(cell: string, into: Float32Array, at: number): void {
    const six = sixCorners(cell)
    let x = 0
    let y = 0
    six.forEach(([lat, lng], k) => {
      const [cx, cy] = toCommon(lng, lat)
      into[at + k * 2] = cx - this.anchor[0]
      into[at + k * 2 + 1] = cy - this.anchor[1]
      x += into[at + k * 2]! / 6
      y += into[at + k * 2 + 1]! / 6
    })
    // Drawn a little smaller than they are, so that columns stand apart.
    for (let k = 0; k < 6; k++) {
      into[at + k * 2] = x + (into[at + k * 2]! - x) * 0.88
      into[at + k * 2 + 1] = y + (into[at + k * 2 + 1]! - y) * 0.88
    }
  }
}
