// How many pixels the canvas has: it follows its box, is coarser while a slow machine moves it, and keeps the layers' device, which
// has an opinion of its own, to the same size.

import type { MapLibreMap } from 'maplibre-gl'
import { Coarse } from './coarse'
import { pixelRatio, unclamped } from './surface'

/** What deck.gl draws with: it notes the canvas' size when the page says that its box changed, and gives the canvas that size
 * back when it draws next, whatever the map made of it meanwhile. */
export type Device = { canvasContext?: { setDrawingBufferSize(width: number, height: number): void } | null }

export class Sizing {
  private readonly coarse: Coarse
  private busy = false
  /** Pixels of the canvas along its upper edge, as the map last made it. */
  private width = 0

  constructor(
    private readonly host: HTMLElement,
    private readonly map: () => MapLibreMap | null,
    private readonly device: () => Device | null | undefined,
    frameMs: () => number,
  ) {
    this.coarse = new Coarse({
      scale: () => this.rescale(),
      frameMs,
      now: () => performance.now(),
      later: (ms, run) => {
        const timer = setTimeout(run, ms)
        return () => clearTimeout(timer)
      },
    })
  }

  /** Share of the pixels along each edge that is drawn now. */
  get share(): number {
    return this.coarse.share
  }

  /** The canvas is being sized: MapLibre tells of that as of a movement, which it is not. */
  get sizing(): boolean {
    return this.busy
  }

  attach(map: MapLibreMap): void {
    const note = () => {
      const { width, height } = map.getCanvas()
      this.width = width
      // Before anything is drawn: a device that is behind would cut the next frame to an earlier size.
      this.device()?.canvasContext?.setDrawingBufferSize(width, height)
    }
    note()
    map.on('resize', note)
  }

  /** The camera moved. */
  moved(): void {
    this.coarse.moved()
  }

  /** A frame was drawn. Should the device have set another size all the same, the map would stay so. */
  rendered(map: MapLibreMap): void {
    if (map.getCanvas().width !== this.width) setTimeout(() => this.rescale())
  }

  /** The map's box changed. */
  resize(): void {
    const map = this.map()
    if (!map) return
    unclamped(map)
    map.setPixelRatio(pixelRatio(this.host, this.share))
    map.resize()
  }

  stop(): void {
    this.coarse.stop()
  }

  private rescale(): void {
    const map = this.map()
    if (!map || this.busy) return
    this.busy = true
    try {
      unclamped(map)
      map.setPixelRatio(pixelRatio(this.host, this.share))
    } finally {
      this.busy = false
    }
    // The resized canvas is empty; the browser asks for this frame before it shows the page again.
    map.triggerRepaint()
  }
}
