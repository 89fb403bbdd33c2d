// Points and polygons, lon/lat.

export type Ring = [number, number][]
export type Bbox = [west: number, south: number, east: number, north: number]

function inside(ring: Ring, lon: number, lat: number): boolean {
  let odd = false
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
    const [xi, yi] = ring[i]!
    const [xj, yj] = ring[j]!
    if (yi > lat !== yj > lat && lon < ((xj - xi) * (lat - yi)) / (yj - yi) + xi) odd = !odd
  }
  return odd
}

export function bboxOf(polygons: Ring[][]): Bbox {
  const box: Bbox = [180, 90, -180, -90]
  for (const rings of polygons) {
    for (const [lon, lat] of rings[0] ?? []) {
      box[0] = Math.min(box[0], lon)
      box[1] = Math.min(box[1], lat)
      box[2] = Math.max(box[2], lon)
      box[3] = Math.max(box[3], lat)
    }
  }
  return box
}

/** Whether polygons with their holes hold a point. */
export function holds(polygons: Ring[][], lon: number, lat: number): boolean {
  return polygons.some((rings) => rings.reduce((odd, ring) => odd !== inside(ring, lon, lat), false))
}
