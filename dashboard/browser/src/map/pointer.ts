// The hand on the map: what it hovers over and clicks, by mouse or by keyboard.

import type { MapLibreMap, MapMouseEvent } from 'maplibre-gl'
import type { Thing } from './pick'

const HOVER_EVERY_MS = 100
const NOTHING: Thing = { kind: 'none', id: '', lon: null, lat: null, n: null }

export type Under = {
  map(): MapLibreMap | null
  /** What is at a pixel of the map. */
  at(x: number, y: number): Thing
  clicked(thing: Thing): void
  /** Beside the pointer, at most ten times a second; null when it is nowhere. */
  note(thing: Thing | null, x: number, y: number): void
  /** Another thing than before, or none. */
  hovered(thing: Thing): void
}

export class Pointer {
  private spot: { x: number; y: number } | null = null
  private thing: Thing = NOTHING
  private timer = 0
  private told = 0

  constructor(private readonly under: Under) {}

  attach(map: MapLibreMap): void {
    map.on('mousemove', (event: MapMouseEvent) => this.moved(event.point.x, event.point.y))
    map.on('mouseout', () => this.left())
    map.on('click', (event: MapMouseEvent) => this.under.clicked(this.under.at(event.point.x, event.point.y)))
    map.on('dragstart', () => this.left())
    map.getCanvas().addEventListener('keydown', (event) => this.key(event))
  }

  /** The camera came to rest: what is under the pointer is another thing now. */
  rested(): void {
    if (this.spot) this.moved(this.spot.x, this.spot.y)
  }

  stop(): void {
    clearTimeout(this.timer)
  }

  private moved(x: number, y: number): void {
    this.spot = { x, y }
    if (this.timer) return
    this.timer = window.setTimeout(() => this.look(), Math.max(0, this.told + HOVER_EVERY_MS - performance.now()))
  }

  private look(): void {
    this.timer = 0
    this.told = performance.now()
    const map = this.under.map()
    if (!map || !this.spot || map.isMoving()) return
    const thing = this.under.at(this.spot.x, this.spot.y)
    map.getCanvas().style.cursor = thing.kind === 'none' ? '' : 'pointer'
    this.under.note(thing, this.spot.x, this.spot.y)
    if (thing.kind === this.thing.kind && thing.id === this.thing.id) return
    this.thing = thing
    this.under.hovered(thing)
  }

  private left(): void {
    this.spot = null
    this.under.note(null, 0, 0)
    if (this.thing.kind === 'none') return
    this.thing = NOTHING
    this.under.hovered(NOTHING)
  }

  // Enter on the focused map clicks what is in its middle, so that a keyboard can do what a mouse can.
  private key(event: KeyboardEvent): void {
    const map = this.under.map()
    if (event.key !== 'Enter' || !map) return
    const { clientWidth, clientHeight } = map.getCanvas()
    this.under.clicked(this.under.at(clientWidth / 2, clientHeight / 2))
  }
}
