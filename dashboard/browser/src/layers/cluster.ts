// Pins that would lie over each other stand as one. The rule, the same for every look at the same picture:
// pins are taken in their order, the most urgent first. One whose square (an edge of `size` pixels around its place) would
// overlap squares that stand already joins the nearest of them, the earlier of two as near; else it stands itself.
// So no two squares overlap, every pin is counted once, and the one that stands is the most urgent of those it counts.

/** One pin on the picture: the row that stands, and all that it counts, itself first. */
export type Pin = { row: number; rows: number[] }

/** Squares are found by the cell of a raster as wide as they are: of squares that do not overlap each cell holds one at most. */
const SPREAD = 2 ** 24

/**
 * Pins of the rows in `order`, by their pixels `x[row]`, `y[row]`; a row whose place is not a number has no pin. One look at
 * nine cells a row, whatever the number of rows.
 */
export function cluster(order: ArrayLike<number>, x: ArrayLike<number>, y: ArrayLike<number>, size: number): Pin[] {
  const pins: Pin[] = []
  const standing = new Map<number, number>()
  for (let i = 0; i < order.length; i++) {
    const row = order[i]!
    const column = Math.floor(x[row]! / size)
    const line = Math.floor(y[row]! / size)
    if (!(Math.abs(column) < SPREAD / 4 && Math.abs(line) < SPREAD / 4)) continue
    let joined = -1
    let least = Number.POSITIVE_INFINITY
    for (let cell = 0; cell < 9; cell++) {
      const other = standing.get((column + (cell % 3) - 1) * SPREAD + line + Math.floor(cell / 3) - 1)
      if (other === undefined) continue
      const dx = x[pins[other]!.row]! - x[row]!
      const dy = y[pins[other]!.row]! - y[row]!
      if (Math.abs(dx) >= size || Math.abs(dy) >= size) continue
      const far = dx * dx + dy * dy
      if (far < least || (far === least && other < joined)) {
        least = far
        joined = other
      }
    }
    if (joined >= 0) pins[joined]!.rows.push(row)
    else {
      standing.set(column * SPREAD + line, pins.length)
      pins.push({ row, rows: [row] })
    }
  }
  return pins
}

/** Offsets in pixels at which `n` pins of one place stand around it, none nearer than `apart` to another: rings, the inner one full first. */
export function fan(n: number, apart: number): [number, number][] {
  const out: [number, number][] = []
  for (let ring = 1; out.length < n; ring++) {
    const radius = apart * 1.25 * ring
    // So many chords of `apart` go around a ring.
    const room = Math.floor(Math.PI / Math.asin(apart / 2 / radius))
    const here = Math.min(room, n - out.length)
    for (let i = 0; i < here; i++) {
      const angle = (2 * Math.PI * i) / here - Math.PI / 2
      out.push([radius * Math.cos(angle), radius * Math.sin(angle)])
    }
  }
  return out
}
