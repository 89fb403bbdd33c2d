// One map: MapLibre below, deck.gl's layers in the same WebGL context, and everything it shows kept outside that context, so
// that a lost one is replaced by a new map with nothing missing.

import { MapLibreOverlay } from '@deck.gl/maplibre'
import type { MapLibreMap } from 'maplibre-gl'
import type { Update } from '../bus'
import type { Collection, Lang } from '../layers/areas'
import { squareOf } from '../layers/incidents'
import { LOW } from '../layers/prisms'
import { APART_ZOOM } from '../layers/pins'
import { themeName } from '../palette'
import { Base, type TilesFile } from './base'
import { Flight, viewportOf } from './flight'
import { Gliding } from './gliding'
import { Meter } from './meter'
import type { Events, Focus, LayerToggle, Options } from './options'
import { Paints } from './paints'
import { Picker, type Thing, type TitleOf, titleOf } from './pick'
import { Pointer } from './pointer'
import { Content } from './content'
import { type Device, Sizing } from './sizing'
import { type Atlas, atlas } from './sprites'
import { baseStyle, hatchImage, repaint } from './style'
import { lock, message, named, newMap, reducedMotion, symbolScale } from './surface'
import { Tooltip } from './tooltip'
import { words } from './words'

/** After a movement of the camera the next frames are still part of it. */
const MOVING_MS = 1_000
/** Frames slower than this make values change at once: a transition would only keep a slow machine busy. */
const SLOW_FRAME_MS = 80

export class MapEngine {
  readonly content: Content
  private map: MapLibreMap | null = null
  private overlay: MapLibreOverlay | null = null
  private atlas: Atlas | null = null
  private picker: Picker
  private tooltip: Tooltip
  private meter: Meter
  private readonly base: Base
  private readonly pointer: Pointer
  private readonly flight: Flight
  private camera: { center: [number, number]; zoom: number; pitch: number; bearing: number } | null = null
  private loaded = false
  private losses = 0
  private readonly paints: Paints
  private rebuildTimer = 0
  private observer: ResizeObserver
  /** As the observer last found it: asking the page would lay it out anew in the middle of what else it draws. */
  private hostHeight: number
  private scheduled = 0
  private gone = false
  private readonly gliding: Gliding
  /** When the camera moved last. */
  private movedAt = -Infinity
  private readonly sizing: Sizing
  /** The moment that the last update spoke of. */
  private moment = Number.NaN
  /** What the map's own layers are painted in. */
  private theme: 'dark' | 'light' = 'dark'

  constructor(
    private readonly host: HTMLElement,
    private lang: Lang,
    private readonly events: Events,
  ) {
    this.content = new Content(lang, () => this.redraw())
    this.base = new Base(host, () => this.lang)
    this.tooltip = new Tooltip(host)
    this.picker = new Picker(this.content)
    this.gliding = new Gliding(this.content.units, () => this.map, () => this.redraw())
    this.flight = new Flight(host, () => this.map)
    this.pointer = new Pointer({
      map: () => (this.loaded ? this.map : null),
      at: (x, y) => this.picker.pick(x, y, this.pickOptions()),
      clicked: (thing) => this.clicked(thing),
      note: (thing, x, y) => this.note(thing, x, y),
      hovered: (thing) => this.hovered(thing),
    })
    this.meter = new Meter(() => this.tellStats())
    this.paints = new Paints((ms) => this.meter.painted(ms))
    this.sizing = new Sizing(host, () => this.map, () => (this.overlay as unknown as { _deck?: { device?: Device } } | null)?._deck?.device, () => this.meter.frameMs())
    this.hostHeight = host.clientHeight
    this.content.setSymbols(symbolScale())
    this.observer = new ResizeObserver(() => {
      this.hostHeight = host.clientHeight
      this.content.setSymbols(symbolScale())
      this.sizing.resize()
      this.flight.refit()
    })
    this.observer.observe(host)
    window.addEventListener('gridcommand-theme', this.recolour)
    this.build()
  }

  destroy(): void {
    this.gone = true
    this.observer.disconnect()
    window.removeEventListener('gridcommand-theme', this.recolour)
    this.sizing.stop()
    this.pointer.stop()
    this.gliding.stop()
    clearTimeout(this.rebuildTimer)
    cancelAnimationFrame(this.scheduled)
    this.meter.stop()
    this.tooltip.remove()
    this.teardown()
  }

  setOptions(options: Options): void {
    const moved = JSON.stringify(options.padding) !== JSON.stringify(this.content.options.padding)
    this.content.options = options
    this.flight.padding = options.padding
    if (moved) this.flight.refit()
    this.content.look()
    if (this.map) lock(this.map, !!options.locked)
    this.sunlight()
    this.redraw()
    this.tellStats()
  }

  setLang(lang: Lang): void {
    this.lang = lang
    this.areas.setLang(lang)
    if (this.map) named(this.map, lang)
    this.redraw()
  }

  setFocus(focus: Focus): void {
    this.flight.setFocus(focus)
  }

  setSelection(selection: { kind?: string; id?: string } | null): void {
    this.content.select(selection)
    this.redraw()
  }

  setBasemap(layer: string, data: object): void {
    this.base.set(layer, data)
  }

  /** Tiles that the server has a file of. */
  setTiles(file: TilesFile): void {
    this.base.setTiles(file)
  }

  setAreas(collection: Collection): void {
    this.areas.setShapes(collection)
    this.sunlight()
    const box = this.areas.bbox()
    if (!this.flight.placed && box) this.flight.fly(this.flight.focus?.bbox ?? box, false)
  }

  /** Everything the stream says; drawn with the next frame of the screen. */
  update(update: Update): void {
    this.content.update(update, performance.now(), !reducedMotion() && this.meter.frameMs() <= SLOW_FRAME_MS)
    this.paints.add(update)
    this.moment = update.t
    this.sunlight()
    this.redraw()
  }

  /** Go so near that the incidents of one pin stand apart; those of one place are fanned out around it. */
  expand(id: string): void {
    const map = this.map
    const { pins } = this.content.incidents
    const pin = pins.of(id)
    if (!map || !pin || pin.rows.length < 2) return
    const box = pins.extent(pin, squareOf(APART_ZOOM) * this.content.symbols, map.getZoom())
    if (box) this.flight.near(box)
    else pins.open(pin, map.getZoom())
    this.redraw()
  }

  legend(): Record<string, unknown> {
    return this.content.legend()
  }

  // The layers by their names, for the picker's callers and for tests.
  get heat() {
    return this.content.heat
  }
  get areas() {
    return this.content.areas
  }
  get incidents() {
    return this.content.incidents
  }
  get units() {
    return this.content.units
  }

  /** The MapLibre map, for tests. */
  get maplibre(): MapLibreMap | null {
    return this.map
  }

  private build(): void {
    this.loaded = false
    let map: MapLibreMap
    try {
      map = newMap(this.host, baseStyle(this.content.scale()), this.camera, this.sizing.share)
    } catch {
      message(this.host, words(this.lang).nogl)
      // A context may come later: after a crash of the graphics process the browser refuses for a while.
      this.rebuildTimer = window.setTimeout(() => this.build(), 2_000)
      return
    }
    message(this.host, '')
    this.map = map
    this.theme = themeName()
    map.addImage('hatch', hatchImage(), { pixelRatio: 2 })
    map.on('load', () => this.ready(map))
    map.on('error', (event) => console.warn('map:', event.error?.message ?? event))
    map.on('render', () => this.rendered(map))
    this.sizing.attach(map)
    map.on('move', () => {
      this.redraw()
      if (this.sizing.sizing) return
      this.movedAt = performance.now()
      this.sizing.moved()
    })
    map.on('moveend', () => {
      if (this.sizing.sizing) return
      this.tellViewport()
      this.pointer.rested()
      // Pins that stood as one while it flew may have room now.
      this.redraw()
    })
    this.pointer.attach(map)
    // A gesture carries the event it came from, all but that of a wheel; from then on the camera is the reader's.
    map.on('movestart', (event) => {
      if ((event as { originalEvent?: unknown }).originalEvent) this.flight.free = true
    })
    map.on('wheel', () => {
      if (map.scrollZoom.isEnabled()) this.flight.free = true
    })
    map.getCanvas().addEventListener('webglcontextlost', () => this.lost(map))
    named(map, this.lang)
    lock(map, !!this.content.options.locked)
  }

  private ready(map: MapLibreMap): void {
    if (map !== this.map || this.gone) return
    this.loaded = true
    this.atlas ??= atlas()
    // Now, while no source loads, the overlay takes its place below the names; it keeps it because this layer always stays.
    this.overlay = new MapLibreOverlay({ interleaved: true, layers: [this.content.heatLayer(false, this.columnHeight())], useDevicePixels: true, onError: (error) => console.warn('map layers:', error.message) })
    map.addControl(this.overlay as never)
    this.base.attach(map)
    this.content.attach(map)
    if (!this.flight.placed && this.flight.focus?.bbox) this.flight.fly(this.flight.focus.bbox, false)
    if (this.theme !== themeName()) this.recolour()
    else this.content.daylight.paint(map, baseStyle(this.content.scale()).layers)
    this.draw()
  }

  /** The page's theme changed: the same map in other colours. */
  private readonly recolour = (): void => {
    const { map } = this
    if (map && this.loaded) {
      this.theme = themeName()
      repaint(map, baseStyle(this.content.scale()).layers)
      this.content.daylight.paint(map, baseStyle(this.content.scale()).layers)
      map.updateImage('hatch', hatchImage())
      this.base.recolour()
      this.content.recolour()
    }
    this.redraw()
    this.tellStats()
  }

  /** The ground in the light of the moment shown. */
  private sunlight(): void {
    const { daylight, options } = this.content
    if (!daylight.look(this.moment, this.areas.bbox(), options.sun !== false)) return
    if (this.map && this.loaded) daylight.paint(this.map, baseStyle(this.content.scale()).layers)
    this.redraw()
  }

  private teardown(): void {
    this.content.detach()
    this.base.detach()
    this.overlay = null
    this.loaded = false
    const map = this.map
    this.map = null
    try {
      map?.remove()
    } catch {
      // The context is gone already: freeing what was in it may fail, and there is nothing left to free.
    }
    this.host.querySelectorAll('.maplibregl-canvas-container, .maplibregl-control-container').forEach((element) => element.remove())
  }

  private lost(map: MapLibreMap): void {
    if (map !== this.map || this.gone) return
    this.losses++
    const { lng, lat } = map.getCenter()
    this.camera = { center: [lng, lat], zoom: map.getZoom(), pitch: map.getPitch(), bearing: map.getBearing() }
    message(this.host, words(this.lang).lost)
    // MapLibre drops its style with the context: what comes until the new map is kept, and touches the old one no more.
    this.loaded = false
    this.content.detach()
    this.base.detach()
    // Not inside the event: MapLibre's own handler runs in it too.
    clearTimeout(this.rebuildTimer)
    this.rebuildTimer = window.setTimeout(() => {
      this.teardown()
      this.build()
      this.tellStats()
    }, 50)
  }

  private redraw(): void {
    if (!this.scheduled && !this.gone) {
      this.scheduled = requestAnimationFrame(() => {
        this.scheduled = 0
        this.draw()
      })
    }
  }

  private draw(): void {
    const map = this.map
    if (!map || !this.loaded || !this.overlay || !this.atlas) return
    if (this.content.shows('units')) this.gliding.step()
    this.overlay.setProps({ layers: this.content.layers(map, this.atlas, this.columnHeight()) as never })
    this.paints.handed()
    map.triggerRepaint()
  }

  private columnHeight(): number {
    return this.flight.columnHeight(this.content.naturalHeight(), this.hostHeight) * (this.content.form() === 'areas' ? LOW : 1)
  }

  private rendered(map: MapLibreMap): void {
    this.sizing.rendered(map)
    this.meter.frame(performance.now() - this.movedAt < MOVING_MS)
    if (this.loaded) this.paints.rendered()
  }

  private titles(): TitleOf | null {
    return titleOf(this.content.options.title)
  }

  private pickOptions() {
    return { map: this.map!, height: this.columnHeight(), shows: (layer: keyof LayerToggle) => this.content.shows(layer) }
  }

  private clicked(thing: Thing): void {
    if (thing.kind !== 'incident') this.content.incidents.pins.open(null)
    this.redraw()
    this.events.click(thing)
  }

  private note(thing: Thing | null, x: number, y: number): void {
    if (!thing) this.tooltip.hide()
    else if (this.content.options.tooltip !== false) this.tooltip.show(thing, x, y, this.picker.describe(thing, this.lang, { timezone: this.content.options.timezone, title: this.titles() }))
  }

  private hovered(thing: Thing): void {
    this.areas.hover(thing.area ?? '')
    const row = thing.kind === 'cell' ? this.heat.row(BigInt(`0x${thing.id}`)) : -1
    if (row !== this.content.heatHover) {
      this.content.heatHover = row
      this.redraw()
    }
    this.events.hover(thing)
  }


  private tellViewport(): void {
    const map = this.map
    if (!map || !this.flight.placed) return
    this.events.viewport(viewportOf(map))
  }

  private tellStats(): void {
    if (this.gone) return
    this.events.stats({ ...this.meter.read(), cells: this.heat.n, context_losses: this.losses, legend: this.legend(), sun: this.content.daylight.told })
  }
}
