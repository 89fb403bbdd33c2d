// A smooth surface over H3 cells. The middles of cells that touch are joined to triangles, which are subdivided by Loop's scheme
// (C. Loop, Smooth Subdivision Surfaces Based on Triangles, 1987): in a regular net that is the quartic box spline, a kernel two
// cells wide. So the surface overshoots nowhere, depends on nothing but the counts, and holds as many in all as the cells do.

/** What H3 says of cells, by their text. */
export type Cells = {
  /** The cell and those that touch it. */
  disk(cell: string): string[]
  /** Its middle, in deck.gl's common space. */
  middle(cell: string): [number, number]
}

/** Rings of empty cells around those that have a value: so far the surface runs out to nothing. */
const RINGS = 3
/** Above so many middles one subdivision is enough: cells are a few pixels then. */
const FINE = 12_000
/** What a cell gives to each that touches it before the subdivision, so that chance does not make a forest. */
const SHARE = 1 / 12

/** One subdivision: each old vertex from its neighbours, then one new vertex for every edge. */
type Step = {
  before: number
  /** Neighbours of vertex i are `around[first[i]..first[i + 1])`; none at the rim, which stays. */
  first: Uint32Array
  around: Uint32Array
  /** Two ends and two opposite corners of every edge; the corners are equal to the ends at the rim. */
  edges: Uint32Array
}

type Mesh = { vertices: number; triangles: Uint32Array }

function subdivided({ vertices, triangles }: Mesh): { step: Step; mesh: Mesh } {
  const known = new Map<number, number>()
  const ends: number[] = []
  const opposite: number[] = []
  const of = (a: number, b: number, corner: number): number => {
    const key = Math.min(a, b) * vertices + Math.max(a, b)
    let edge = known.get(key)
    if (edge === undefined) {
      known.set(key, (edge = ends.length / 2))
      ends.push(a, b)
      opposite.push(corner, -1)
    } else opposite[edge * 2 + 1] = corner
    return edge
  }
  const next = new Uint32Array(triangles.length * 4)
  for (let i = 0, o = 0; i < triangles.length; i += 3) {
    const [a, b, c] = [triangles[i]!, triangles[i + 1]!, triangles[i + 2]!]
    const [ab, bc, ca] = [vertices + of(a, b, c), vertices + of(b, c, a), vertices + of(c, a, b)]
    for (const vertex of [a, ab, ca, ab, b, bc, ca, bc, c, ab, bc, ca]) next[o++] = vertex
  }
  const rim = new Uint8Array(vertices)
  const count = new Uint32Array(vertices + 1)
  for (let e = 0; e < ends.length; e += 2) {
    const [a, b] = [ends[e]!, ends[e + 1]!]
    if (opposite[e + 1]! < 0) rim[a] = rim[b] = 1
    count[a]!++
    count[b]!++
  }
  const first = new Uint32Array(vertices + 1)
  for (let i = 0; i < vertices; i++) first[i + 1] = first[i]! + (rim[i] ? 0 : count[i]!)
  const around = new Uint32Array(first[vertices]!)
  const filled = first.slice()
  const edges = new Uint32Array(ends.length * 2)
  for (let e = 0; e < ends.length; e += 2) {
    const [a, b] = [ends[e]!, ends[e + 1]!]
    if (!rim[a]) around[filled[a]!++] = b
    if (!rim[b]) around[filled[b]!++] = a
    const inner = opposite[e + 1]! >= 0
    edges.set([a, b, inner ? opposite[e]! : a, inner ? opposite[e + 1]! : b], e * 2)
  }
  return { step: { before: vertices, first, around, edges }, mesh: { vertices: vertices + ends.length / 2, triangles: next } }
}

/** Values of `size` numbers a vertex after one subdivision. Loop's weights, those of a vertex after Warren. */
function refined(values: Float32Array, size: number, { before, first, around, edges }: Step): Float32Array {
  const out = new Float32Array((before + edges.length / 4) * size)
  for (let k = 0; k < size; k++) {
    for (let i = 0; i < before; i++) {
      const n = first[i + 1]! - first[i]!
      const value = values[i * size + k]!
      let sum = 0
      for (let j = first[i]!; j < first[i + 1]!; j++) sum += values[around[j]! * size + k]!
      out[i * size + k] = n ? value * 0.625 + (sum * 0.375) / n : value
    }
    for (let e = 0, o = before; e < edges.length; e += 4, o++) {
      const [a, b, c, d] = [edges[e]!, edges[e + 1]!, edges[e + 2]!, edges[e + 3]!]
      out[o * size + k] = 0.375 * (values[a * size + k]! + values[b * size + k]!) + 0.125 * (values[c * size + k]! + values[d * size + k]!)
    }
  }
  return out
}

/** The net over the cells that have a value, and their surroundings. Made anew when a cell comes that lies outside. */
export class Net {
  readonly anchor: [number, number]
  /** [vertex][x, y], common space, offsets from the anchor. The first vertices are the middles, in the order of `cells`. */
  readonly places: Float32Array
  readonly triangles: Uint32Array
  private readonly index = new Map<string, number>()
  private readonly touching: Uint32Array[] = []
  private readonly core: Set<string>
  private readonly steps: Step[] = []

  constructor(cells: string[], how: Cells) {
    let rim = cells
    for (const cell of cells) this.index.set(cell, this.index.size)
    const inner = new Map<string, string[]>()
    for (let ring = 0; ring < RINGS; ring++) {
      const next: string[] = []
      for (const cell of rim) {
        const disk = how.disk(cell)
        inner.set(cell, disk)
        for (const other of disk) {
          if (this.index.has(other)) continue
          this.index.set(other, this.index.size)
          next.push(other)
        }
      }
      rim = next
    }
    this.core = new Set(cells)
    const all = [...this.index.keys()]
    for (const cell of all) {
      const disk = inner.get(cell) ?? how.disk(cell)
      this.touching.push(Uint32Array.from(disk.flatMap((other) => (other !== cell && this.index.has(other) ? [this.index.get(other)!] : []))))
    }
    this.anchor = how.middle(all[all.length >> 1]!)
    const middles = new Float32Array(all.length * 2)
    all.forEach((cell, i) => {
      const [x, y] = how.middle(cell)
      middles.set([x - this.anchor[0], y - this.anchor[1]], i * 2)
    })
    let mesh: Mesh = { vertices: all.length, triangles: this.joined(middles) }
    let places: Float32Array = middles
    for (let k = 0; k < (all.length > FINE ? 1 : 2); k++) {
      const { step, mesh: finer } = subdivided(mesh)
      this.steps.push(step)
      places = refined(places, 2, step)
      mesh = finer
    }
    this.places = places
    this.triangles = mesh.triangles
  }

  get vertices(): number {
    return this.places.length / 2
  }

  /** The net reaches around each of these cells as far as it should. */
  holds(cells: string[]): boolean {
    return cells.every((cell) => this.core.has(cell))
  }

  /** Vertex of a cell's middle, -1 where it has none. */
  vertex(cell: string): number {
    return this.index.get(cell) ?? -1
  }

  /** Height of every vertex over these values of cells. */
  heights(cells: string[], values: ArrayLike<number>): Float32Array {
    const counts = new Float32Array(this.index.size)
    cells.forEach((cell, i) => (counts[this.index.get(cell)!] = values[i]!))
    const spread = new Float32Array(counts.length)
    for (let i = 0; i < counts.length; i++) {
      const value = counts[i]!
      if (value === 0) continue
      const others = this.touching[i]!
      spread[i]! += value * (1 - others.length * SHARE)
      for (const other of others) spread[other]! += value * SHARE
    }
    return this.steps.reduce<Float32Array>((heights, step) => refined(heights, 1, step), spread)
  }

  /** Slopes [vertex][along x, along y] of a surface of these heights: what light needs. */
  slopes(heights: Float32Array): Float32Array {
    const { places, triangles } = this
    const out = new Float32Array(heights.length * 2)
    const weight = new Float32Array(heights.length)
    for (let i = 0; i < triangles.length; i += 3) {
      const [a, b, c] = [triangles[i]!, triangles[i + 1]!, triangles[i + 2]!]
      const [x1, y1, z1] = [places[b * 2]! - places[a * 2]!, places[b * 2 + 1]! - places[a * 2 + 1]!, heights[b]! - heights[a]!]
      const [x2, y2, z2] = [places[c * 2]! - places[a * 2]!, places[c * 2 + 1]! - places[a * 2 + 1]!, heights[c]! - heights[a]!]
      // Summed with the triangle's area as its weight, so that the area itself drops out.
      const twice = x1 * y2 - x2 * y1
      const [sx, sy] = [z1 * y2 - z2 * y1, x1 * z2 - x2 * z1]
      for (const vertex of [a, b, c]) {
        out[vertex * 2]! += sx
        out[vertex * 2 + 1]! += sy
        weight[vertex]! += twice
      }
    }
    for (let i = 0; i < weight.length; i++) {
      out[i * 2]! /= weight[i]! || 1
      out[i * 2 + 1]! /= weight[i]! || 1
    }
    return out
  }

  /** Triangles of middles whose cells meet in a corner, anticlockwise. */
  private joined(middles: Float32Array): Uint32Array {
    const out: number[] = []
    this.touching.forEach((others, a) => {
      for (const b of others) {
        if (b < a) continue
        for (const c of others) {
          if (c < b || c === b || !this.touching[b]!.includes(c)) continue
          const turn =
            (middles[b * 2]! - middles[a * 2]!) * (middles[c * 2 + 1]! - middles[a * 2 + 1]!) - (middles[c * 2]! - middles[a * 2]!) * (middles[b * 2 + 1]! - middles[a * 2 + 1]!)
          out.push(a, ...(turn > 0 ? [b, c] : [c, b]))
        }
      }
    })
    return Uint32Array.from(out)
  }
}
