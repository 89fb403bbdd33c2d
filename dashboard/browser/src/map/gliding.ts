// When the units are drawn anew: as soon as a step of theirs is seen, and never while nobody moves.

import type { MapLibreMap } from 'maplibre-gl'
import type { Units } from '../layers/units'

/** A gliding unit is drawn again when it moved so many pixels, looked at so often. */
const GLIDE_PX = 0.75
const GLIDE_EVERY_MS = 66

export class Gliding {
  private timer = 0
  private stopped = false

  constructor(
    private readonly units: Units,
    private readonly map: () => MapLibreMap | null,
    private readonly redraw: () => void,
  ) {}

  /** Units to where they are now, and a look out for the next step. */
  step(): void {
    const now = performance.now()
    this.units.step(now)
    if (this.timer || !this.units.moving(now)) return
    this.timer = window.setTimeout(() => this.look(), GLIDE_EVERY_MS)
  }

  stop(): void {
    this.stopped = true
    clearTimeout(this.timer)
  }

  private look(): void {
    this.timer = 0
    const map = this.map()
    if (this.stopped || !map) return
    const now = performance.now()
    const perDegree = (512 * 2 ** map.getZoom()) / 360
    // The last step is always made: that is where the unit was heard from.
    if (this.units.due(now) * perDegree >= GLIDE_PX || !this.units.moving(now)) this.redraw()
    else this.timer = window.setTimeout(() => this.look(), GLIDE_EVERY_MS)
  }
}
