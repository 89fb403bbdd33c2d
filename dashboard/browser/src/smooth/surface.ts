// What the smooth layer shows of a heat model: heights in the model's own counts, kept outside WebGL like the model itself.

import type { HeatModel } from '../layers/heat-model'
import { type Cells, Net } from './net'

export class Surface {
  net: Net | null = null
  /** Of every vertex: counts in a cell's area there, smoothed; signed where differences are shown. */
  heights: Float32Array = new Float32Array()
  /** [vertex][share of the largest, its slope along x, along y]. */
  shares: Float32Array = new Float32Array()
  /** Largest height whichever its sign, the top of the scale. */
  max = 1
  /** Grow when the net is another, and when the heights are. */
  generation = 0
  version = 0
  private res = -1
  private seen = -1

  constructor(private readonly cells: Cells) {}

  /** Take over what the model holds now. Costs nothing while that is the same. */
  follow(model: HeatModel): void {
    if (model.changes === this.seen) return
    this.seen = model.changes
    const cells = Array.from({ length: model.n }, (_, row) => model.keys[row]!.toString(16))
    this.version++
    if (!cells.length) {
      this.net = null
      return
    }
    if (!this.net || model.res !== this.res || !this.net.holds(cells)) {
      this.net = new Net(cells, this.cells)
      this.res = model.res
      this.generation++
    }
    const { net } = this
    const heights = net.heights(cells, cells.map((_, row) => model.value(row)))
    let max = 0
    for (const height of heights) max = Math.max(max, Math.abs(height))
    // Where next to nothing was counted the scale does not stretch that to a mountain.
    this.max = Math.max(max, 0.5)
    const slopes = net.slopes(heights)
    const shares = new Float32Array(heights.length * 3)
    for (let i = 0; i < heights.length; i++) {
      shares[i * 3] = heights[i]! / this.max
      shares[i * 3 + 1] = slopes[i * 2]! / this.max
      shares[i * 3 + 2] = slopes[i * 2 + 1]! / this.max
    }
    this.heights = heights
    this.shares = shares
  }

  /** Share of the largest (-1..1) in the middle of a cell; 0 outside. */
  share(cell: string): number {
    const vertex = this.net?.vertex(cell) ?? -1
    return vertex < 0 ? 0 : this.shares[vertex * 3]!
  }

  /** Middle of a cell and how far it reaches, common space from the net's anchor; null outside. */
  spot(cell: string): [number, number, number] | null {
    const vertex = this.net?.vertex(cell) ?? -1
    if (!this.net || vertex < 0) return null
    const [x, y] = [this.net.places[vertex * 2]!, this.net.places[vertex * 2 + 1]!]
    const [mx, my] = this.cells.middle(this.cells.disk(cell).find((other) => other !== cell)!)
    return [x, y, Math.hypot(mx - this.net.anchor[0] - x, my - this.net.anchor[1] - y) / 2]
  }
}
