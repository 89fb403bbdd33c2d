// One map: MapLibre below, deck.gl's layers in the same WebGL context, and everything it shows kept outside that context, so
// that a lost one is replaced by a new map with nothing missing.

import { MapLibreOverlay } from '@deck.gl/maplibre'
import { MapLibreMap, type MapMouseEvent } from 'maplibre-gl'
import type { Update } from '../bus'
import { Areas, type Collection, type Lang } from '../layers/areas'
import { Cameras } from '../layers/cameras'
import { drawnColour, HeatLayer, LEGEND_STOPS } from '../layers/heat'
import { HeatModel } from '../layers/heat-model'
import { Incidents } from '../layers/incidents'
import { Units } from '../layers/units'
import type { ScaleName } from '../palette'
import { Coarse } from './coarse'
import { around, type Camera, fit, fitTilted, tallest } from './fit'
import { Meter } from './meter'
import { Picker, type Thing, type TitleOf } from './pick'
import { type Atlas, atlas } from './sprites'
import { baseStyle, EMPTY, hatchImage, LABELS, tintSeen } from './style'
import { Tooltip } from './tooltip'
import { words } from './words'

/** Pixels along an edge: a wall of several screens is wider than MapLibre's own 4,096. */
const MOST_EDGE = [16_384, 16_384] as const

/** A drawing buffer that once came out smaller than asked for, for want of memory, is a limit for ever to MapLibre: without
 * this the map would stay coarse. */
function unclamped(map: MapLibreMap): void {
  ;(map as unknown as { _maxCanvasSize: number[] })._maxCanvasSize = [...MOST_EDGE]
}

export type LayerToggle = Partial<Record<'heat' | 'areas' | 'incidents' | 'units' | 'cameras', boolean>>
export type Options = {
  layers?: LayerToggle
  /** Colour scale of heat and areas. */
  scale?: ScaleName
  /** Factor on the height of the columns, 1 = as it comes. */
  height?: number
  /** No gesture moves the map; clicks and hovering still work. */
  locked?: boolean
  tooltip?: boolean
  /** Zone that times are said in, an IANA name; the browser's own where it is left out. */
  timezone?: string
  /** `namespace.function` under window.dash_clientside: `(id, category code) => what the incident is called, "" for unknown`. */
  title?: string
  /** Pixels covered by panels, kept free when the map flies somewhere. */
  padding?: { top?: number; right?: number; bottom?: number; left?: number }
  /** Where the JSON of areas comes from. */
  api?: string
}
/** `hull` are corners [lon, lat] around the area: with them the picture fits its shape, not its box. `camera` is a view to restore as
 * it was (what `viewportInfo` told), instead of a box; the map then counts as moved by its reader. */
export type Focus = { bbox?: [number, number, number, number]; hull?: [number, number][]; code?: string; level?: string; pitch?: number; bearing?: number; camera?: { lon: number; lat: number; zoom: number; pitch: number; bearing: number }; still?: boolean } | null
export type Basemap = false | string | { water?: string; roads?: string; outline?: string } | null
export type Events = {
  click(info: Thing): void
  hover(info: Thing): void
  viewport(info: Record<string, unknown>): void
  stats(info: Record<string, unknown>): void
}

const MOST_PIXELS = 3840 * 2160
const HOVER_EVERY_MS = 100
const FLY_MS = 1_400
const FOLLOW_MS = 400
/** A gliding unit is drawn again when it moved so many pixels, looked at so often. */
const GLIDE_PX = 0.75
const GLIDE_EVERY_MS = 66
/** After a movement of the camera the next frames are still part of it. */
const MOVING_MS = 1_000
/** Edge of a hexagon by resolution, metres (H3's table of averages). */
const EDGE_M = [1281256, 483057, 182513, 68979, 26072, 9854, 3725, 1406, 531, 201, 76, 28, 11, 4, 2, 1]
/** Frames slower than this make values change at once: a transition would only keep a slow machine busy. */
const SLOW_FRAME_MS = 80

function reducedMotion(): boolean {
  return matchMedia('(prefers-reduced-motion: reduce)').matches
}

export class MapEngine {
  readonly heat = new HeatModel()
  readonly areas: Areas
  readonly incidents = new Incidents()
  readonly units = new Units()
  readonly cameras = new Cameras()
  private map: MapLibreMap | null = null
  private overlay: MapLibreOverlay | null = null
  private atlas: Atlas | null = null
  private picker: Picker
  private tooltip: Tooltip
  private meter: Meter
  private options: Options = {}
  private focus: Focus = null
  private selection: { kind?: string; id?: string } | null = null
  private base: Record<string, object> = {}
  private pointer: { x: number; y: number } | null = null
  private hovered: Thing = { kind: 'none', id: '', lon: null, lat: null, n: null }
  private hoverTimer = 0
  private hoverTold = 0
  private heatHover = -1
  private version = 0
  private camera: { center: [number, number]; zoom: number; pitch: number; bearing: number } | null = null
  private placed = false
  /** Where the map was last pointed at. */
  private aimed: Camera | null = null
  /** The reader moved the map since it was last pointed at a place. */
  private free = false
  private loaded = false
  private losses = 0
  /** Updates not handed to the layers yet, and those handed over but not rendered yet. */
  private waiting: Update[] = []
  private drawn: Update[] = []
  private rebuildTimer = 0
  private observer: ResizeObserver
  /** As the observer last found it: asking the page would lay it out anew in the middle of what else it draws. */
  private hostHeight: number
  private scheduled = 0
  private gone = false
  private glideTimer = 0
  /** When the camera moved last. */
  private movedAt = -Infinity
  private scaling = false
  private readonly coarse: Coarse
  private lastView: string | null = null

  constructor(
    private readonly host: HTMLElement,
    private lang: Lang,
    private readonly events: Events,
  ) {
    this.areas = new Areas(lang)
    this.tooltip = new Tooltip(host)
    this.picker = new Picker(this.heat, this.areas, this.incidents, this.units, this.cameras)
    this.meter = new Meter(() => this.tellStats())
    this.coarse = new Coarse({
      scale: () => this.rescale(),
      frameMs: () => this.meter.frameMs(),
      now: () => performance.now(),
      later: (ms, run) => {
        const timer = setTimeout(run, ms)
        return () => clearTimeout(timer)
      },
    })
    this.hostHeight = host.clientHeight
    this.observer = new ResizeObserver(() => {
      this.hostHeight = host.clientHeight
      this.resize()
    })
    this.observer.observe(host)
    this.build()
  }

  destroy(): void {
    this.gone = true
    this.observer.disconnect()
    this.coarse.stop()
    clearTimeout(this.hoverTimer)
    clearTimeout(this.glideTimer)
    clearTimeout(this.rebuildTimer)
    cancelAnimationFrame(this.scheduled)
    this.meter.stop()
    this.tooltip.remove()
    this.teardown()
  }

  setOptions(options: Options): void {
    const moved = JSON.stringify(options.padding) !== JSON.stringify(this.options.padding)
    this.options = options
    if (moved) this.refit()
    this.areas.setLook(options.layers?.areas !== false, this.scale(), this.showsHeat())
    this.interaction()
    this.redraw()
    this.tellStats()
  }

  setLang(lang: Lang): void {
    this.lang = lang
    this.areas.setLang(lang)
    this.label()
    this.redraw()
  }

  setFocus(focus: Focus): void {
    this.focus = focus
    this.free = !!focus?.camera
    if (focus?.camera) {
      const { lon, lat, ...rest } = focus.camera
      this.aimed = { center: [lon, lat], ...rest }
      // Who is followed moves in small steps: the map glides along instead of flying.
      if (focus.still && this.placed && !reducedMotion()) this.map?.easeTo({ ...this.aimed, duration: FOLLOW_MS, easing: (x) => x, essential: true })
      else this.go(this.aimed, this.placed && !focus.still)
    } else if (focus?.bbox) this.fly(focus.bbox, this.placed)
  }

  setSelection(selection: { kind?: string; id?: string } | null): void {
    this.selection = selection
    this.areas.select(selection?.kind === 'area' ? String(selection.id ?? '') : '')
    this.redraw()
  }

  setBasemap(layer: string, data: object): void {
    this.base[layer] = data
    ;(this.map?.getSource(layer) as { setData(data: object): void } | undefined)?.setData(data)
  }

  setAreas(collection: Collection): void {
    this.areas.setShapes(collection)
    const box = this.areas.bbox()
    if (!this.placed && box) this.fly(this.focus?.bbox ?? box, false)
  }

  /** Everything the stream says; drawn with the next frame of the screen. */
  update(update: Update): void {
    const now = performance.now()
    if (update.view !== this.lastView) {
      this.lastView = update.view
      this.incidents.forget()
    }
    const smooth = !reducedMotion() && this.meter.frameMs() <= SLOW_FRAME_MS
    this.heat.transition = smooth ? 0.4 : 0
    for (const [name, change] of Object.entries(update.changes)) {
      const table = update.tables[name]
      if (!table) continue
      if (name === 'heat') this.heat.update(table, change, now)
      else if (name === 'areas') this.areas.update(table, change)
      else if (name === 'incidents') this.incidents.update(table, change)
      else if (name === 'units') this.units.update(table, now, smooth)
      else if (name === 'cameras') this.cameras.update(table)
    }
    if (!update.tables.heat && this.heat.n) this.heat.clear()
    if (!update.tables.areas && this.areas.codes().length) this.areas.clear()
    if (!update.tables.incidents) this.incidents.clear()
    if (!update.tables.units) this.units.clear()
    if (!update.tables.cameras) this.cameras.clear()
    this.waiting.push(update)
    // While the tab is hidden nothing is painted.
    if (this.waiting.length > 50) this.waiting.shift()
    this.redraw()
  }

  legend(): Record<string, unknown> {
    const heat = this.showsHeat()
    const max = heat ? this.heat.max : this.areas.max()
    const stops = LEGEND_STOPS.map((t) => ({ t, colour: heat ? drawnColour(this.scale(), t) : tintSeen(this.scale(), t), value: max * t }))
    return { of: heat ? 'cell' : 'area', scale: this.scale(), max: this.heat.max, measure: this.heat.measure, res: this.heat.res, stops, areas_max: this.areas.max() }
  }

  /** The MapLibre map, for tests. */
  get maplibre(): MapLibreMap | null {
    return this.map
  }

  private scale(): ScaleName {
    return this.options.scale ?? 'viridis'
  }

  private shows(layer: keyof LayerToggle): boolean {
    return this.options.layers?.[layer] !== false
  }

  private showsHeat(): boolean {
    return this.shows('heat') && this.heat.n > 0
  }

  private build(): void {
    this.loaded = false
    let map: MapLibreMap
    try {
      map = new MapLibreMap({
        container: this.host,
        style: baseStyle(this.scale()),
        center: this.camera?.center ?? [0, 20],
        zoom: this.camera?.zoom ?? 1.5,
        pitch: this.camera?.pitch ?? 50,
        bearing: this.camera?.bearing ?? 0,
        maxPitch: 70,
        minZoom: 2,
        maxZoom: 19,
        fadeDuration: 0,
        attributionControl: false,
        renderWorldCopies: false,
        pixelRatio: this.pixelRatio(),
        maxCanvasSize: [...MOST_EDGE],
        canvasContextAttributes: { antialias: false, powerPreference: 'high-performance' },
        localIdeographFontFamily: false,
        refreshExpiredTiles: false,
        cancelPendingTileRequestsWhileZooming: true,
      })
    } catch {
      this.message(words(this.lang).nogl)
      // A context may come later: after a crash of the graphics process the browser refuses for a while.
      this.rebuildTimer = window.setTimeout(() => this.build(), 2_000)
      return
    }
    this.message('')
    this.map = map
    map.addImage('hatch', hatchImage(), { pixelRatio: 2 })
    map.on('load', () => this.ready(map))
    map.on('error', (event) => console.warn('map:', event.error?.message ?? event))
    map.on('render', () => this.rendered())
    map.on('move', () => {
      this.redraw()
      if (this.scaling) return
      this.movedAt = performance.now()
      this.coarse.moved()
    })
    map.on('moveend', () => {
      if (this.scaling) return
      this.tellViewport()
      // What is under the pointer is another thing now.
      if (this.pointer) this.moved(this.pointer.x, this.pointer.y)
    })
    map.on('mousemove', (event: MapMouseEvent) => this.moved(event.point.x, event.point.y))
    map.on('mouseout', () => this.left())
    map.on('click', (event: MapMouseEvent) => this.events.click(this.picker.pick(event.point.x, event.point.y, this.pickOptions())))
    map.on('dragstart', () => this.left())
    // A gesture carries the event it came from; from then on the camera is the reader's.
    map.on('movestart', (event) => {
      if ((event as { originalEvent?: unknown }).originalEvent) this.free = true
    })
    const canvas = map.getCanvas()
    canvas.addEventListener('webglcontextlost', () => this.lost(map))
    canvas.addEventListener('keydown', (event) => this.key(event))
    this.label()
    this.interaction()
  }

  private ready(map: MapLibreMap): void {
    if (map !== this.map || this.gone) return
    this.loaded = true
    this.atlas ??= atlas()
    // Now, while no source loads, the overlay takes its place below the names; it keeps it because this layer always stays.
    this.overlay = new MapLibreOverlay({ interleaved: true, layers: [this.heatLayer(false)], useDevicePixels: true, onError: (error) => console.warn('map layers:', error.message) })
    map.addControl(this.overlay as never)
    for (const [name, data] of Object.entries(this.base)) this.setBasemap(name, data)
    this.areas.attach(map)
    this.areas.setLook(this.options.layers?.areas !== false, this.scale(), this.showsHeat())
    this.incidents.attach(map)
    this.heat.generation++
    if (!this.placed && this.focus?.bbox) this.fly(this.focus.bbox, false)
    this.draw()
  }

  private teardown(): void {
    this.areas.detach()
    this.incidents.detach()
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
    this.message(words(this.lang).lost)
    // MapLibre drops its style with the context: what comes until the new map is kept, and touches the old one no more.
    this.loaded = false
    this.areas.detach()
    this.incidents.detach()
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

  private heatWasShown = true

  private draw(): void {
    const map = this.map
    if (!map || !this.loaded || !this.overlay || !this.atlas) return
    const heat = this.showsHeat()
    if (heat !== this.heatWasShown) {
      this.heatWasShown = heat
      this.areas.setLook(this.shows('areas'), this.scale(), heat)
    }
    const zoom = map.getZoom()
    const picked = (kind: string) => (this.selection?.kind === kind ? String(this.selection.id ?? '') : '')
    const b = map.getBounds()
    const bounds: [number, number, number, number] = [b.getWest(), b.getSouth(), b.getEast(), b.getNorth()]
    const layers: unknown[] = []
    layers.push(this.heatLayer(heat))
    if (this.shows('cameras')) layers.push(...this.cameras.layers(this.atlas, zoom, bounds, picked('camera')))
    if (this.shows('units')) {
      this.glide()
      layers.push(...this.units.layers(this.atlas, zoom, picked('unit')))
    }
    if (this.shows('incidents')) layers.push(...this.incidents.layers(this.atlas, zoom, picked('incident')))
    this.overlay.setProps({ layers: layers as never })
    this.drawn.push(...this.waiting)
    this.waiting = []
    map.triggerRepaint()
  }

  /** Units to where they are now; the next step as soon as it is seen, and none when nobody moves. */
  private glide(): void {
    const now = performance.now()
    this.units.step(now)
    if (this.glideTimer || !this.units.moving(now)) return
    const look = () => {
      this.glideTimer = 0
      const later = performance.now()
      if (this.gone || !this.map) return
      // The last step is always made: that is where the unit was heard from.
      if (this.units.due(later) * this.pixelsPerDegree() >= GLIDE_PX || !this.units.moving(later)) this.redraw()
      else this.glideTimer = window.setTimeout(look, GLIDE_EVERY_MS)
    }
    this.glideTimer = window.setTimeout(look, GLIDE_EVERY_MS)
  }

  private pixelsPerDegree(): number {
    return (512 * 2 ** (this.map?.getZoom() ?? 0)) / 360
  }

  private heatLayer(visible: boolean): HeatLayer {
    return new HeatLayer({
      id: 'heat',
      beforeId: LABELS,
      visible,
      // deck.gl draws no layer without data; the rows are in the model.
      data: { length: Math.max(1, this.heat.n) } as never,
      model: this.heat,
      height: this.columnHeight(),
      scale: this.scale(),
      hover: this.heatHover,
      version: ++this.version,
    } as never)
  }

  private columnHeight(): number {
    const natural = Math.max(this.heat.extent * 0.12, (EDGE_M[this.heat.res] ?? 500) * 3) * (this.options.height ?? 1)
    if (!this.aimed) return natural
    // By the camera of the focus, not the reader's: columns keep their height while the map is moved by hand.
    const height = Math.max(100, this.hostHeight)
    const { top = 0, bottom = 0 } = this.options.padding ?? {}
    return Math.min(natural, tallest(this.aimed, height, Math.max(height / 3, height - top - bottom)))
  }

  private rendered(): void {
    this.meter.frame(performance.now() - this.movedAt < MOVING_MS)
    if (!this.drawn.length || !this.loaded) return
    const done = this.drawn
    this.drawn = []
    // After the next task the commands of this frame have been handed to the compositor.
    const channel = new MessageChannel()
    channel.port1.onmessage = () => {
      channel.port1.close()
      const now = Date.now()
      for (const update of done) {
        update.painted(now)
        this.meter.painted(now - update.receivedAt)
      }
    }
    channel.port2.postMessage(0)
  }

  private fly(bbox: [number, number, number, number], animate: boolean): void {
    const map = this.map
    if (!map) return
    const { clientWidth: width, clientHeight: height } = this.host
    const p = this.options.padding ?? {}
    const margin = Math.min(36, width / 24, height / 24)
    // Columns rise from the far edge: a little more room above.
    const padding = { top: (p.top ?? 0) + margin + height * 0.05, right: (p.right ?? 0) + margin, bottom: (p.bottom ?? 0) + margin, left: (p.left ?? 0) + margin }
    const points = this.focus?.bbox === bbox && this.focus.hull?.length ? this.focus.hull : around(bbox)
    const bearing = this.focus?.bearing ?? 0
    const pitch = this.focus?.pitch
    const target = pitch === undefined ? fitTilted(points, width, height, padding, bearing) : fit(points, width, height, padding, pitch, bearing)
    this.aimed = target
    this.go(target, animate)
  }

  private go(target: Camera, animate: boolean): void {
    const map = this.map
    if (!map) return
    this.placed = true
    if (!animate || reducedMotion()) map.jumpTo(target)
    else map.flyTo({ ...target, duration: FLY_MS, curve: 1.2, essential: true })
  }

  /** What covers the map, or its size, changed: unless the reader moved it, the focus fills it again. */
  private refit(): void {
    if (this.placed && !this.free && this.focus?.bbox) this.fly(this.focus.bbox, false)
  }

  private titles(): TitleOf | null {
    const [space, name] = (this.options.title ?? '').split('.')
    const clientside = (window as unknown as { dash_clientside?: Record<string, Record<string, unknown>> }).dash_clientside
    const found = space && name ? clientside?.[space]?.[name] : null
    return typeof found === 'function' ? (found as TitleOf) : null
  }

  private pickOptions() {
    return { map: this.map!, height: this.columnHeight(), shows: (layer: keyof LayerToggle) => this.shows(layer) }
  }

  private moved(x: number, y: number): void {
    this.pointer = { x, y }
    if (this.hoverTimer) return
    this.hoverTimer = window.setTimeout(() => this.look(), Math.max(0, this.hoverTold + HOVER_EVERY_MS - performance.now()))
  }

  private look(): void {
    this.hoverTimer = 0
    this.hoverTold = performance.now()
    const map = this.map
    if (!map || !this.pointer || !this.loaded || map.isMoving()) return
    const thing = this.picker.pick(this.pointer.x, this.pointer.y, this.pickOptions())
    map.getCanvas().style.cursor = thing.kind === 'none' ? '' : 'pointer'
    if (this.options.tooltip !== false) this.tooltip.show(thing, this.pointer.x, this.pointer.y, this.picker.describe(thing, this.lang, { timezone: this.options.timezone, title: this.titles() }))
    if (thing.kind === this.hovered.kind && thing.id === this.hovered.id) return
    this.hovered = thing
    this.areas.hover(thing.area ?? '')
    const row = thing.kind === 'cell' ? this.heat.row(BigInt(`0x${thing.id}`)) : -1
    if (row !== this.heatHover) {
      this.heatHover = row
      this.redraw()
    }
    this.events.hover(thing)
  }

  private left(): void {
    this.pointer = null
    this.tooltip.hide()
    this.areas.hover('')
    if (this.heatHover !== -1) {
      this.heatHover = -1
      this.redraw()
    }
    if (this.hovered.kind === 'none') return
    this.hovered = { kind: 'none', id: '', lon: null, lat: null, n: null }
    this.events.hover(this.hovered)
  }

  // Enter on the focused map clicks what is in its middle, so that a keyboard can do what a mouse can.
  private key(event: KeyboardEvent): void {
    if (event.key !== 'Enter' || !this.map) return
    const { clientWidth, clientHeight } = this.map.getCanvas()
    this.events.click(this.picker.pick(clientWidth / 2, clientHeight / 2, this.pickOptions()))
  }

  private interaction(): void {
    const map = this.map
    if (!map) return
    for (const handler of [map.scrollZoom, map.dragPan, map.dragRotate, map.keyboard, map.doubleClickZoom, map.touchZoomRotate, map.boxZoom, map.touchPitch]) {
      if (this.options.locked) handler.disable()
      else handler.enable()
    }
  }

  private label(): void {
    const canvas = this.map?.getCanvas()
    canvas?.setAttribute('role', 'application')
    canvas?.setAttribute('aria-label', words(this.lang).map)
  }

  private message(text: string): void {
    let element = this.host.querySelector<HTMLElement>('.gc-map-message')
    if (!text) return element?.remove()
    if (!element) {
      element = document.createElement('div')
      element.className = 'gc-map-message'
      element.setAttribute('role', 'status')
      this.host.appendChild(element)
    }
    element.textContent = text
  }

  private pixelRatio(): number {
    const area = Math.max(1, this.host.clientWidth * this.host.clientHeight)
    return Math.min(window.devicePixelRatio || 1, 2, Math.sqrt(MOST_PIXELS / area)) * this.coarse.share
  }

  /** Take the pixel ratio over. MapLibre tells of a resize at rest as of a movement, which it is not. */
  private rescale(): void {
    const map = this.map
    if (!map || this.scaling) return
    this.scaling = true
    try {
      unclamped(map)
      map.setPixelRatio(this.pixelRatio())
    } finally {
      this.scaling = false
    }
    // The resized canvas is empty; the browser asks for this frame before it shows the page again.
    map.triggerRepaint()
  }

  private resize(): void {
    if (!this.map) return
    unclamped(this.map)
    this.map.setPixelRatio(this.pixelRatio())
    this.map.resize()
    this.refit()
  }

  private tellViewport(): void {
    const map = this.map
    if (!map || !this.placed) return
    const { lng, lat } = map.getCenter()
    const b = map.getBounds()
    const round = (v: number, digits: number) => Number(v.toFixed(digits))
    this.events.viewport({
      lon: round(lng, 6),
      lat: round(lat, 6),
      zoom: round(map.getZoom(), 3),
      pitch: round(map.getPitch(), 1),
      bearing: round(map.getBearing(), 1),
      bbox: [b.getWest(), b.getSouth(), b.getEast(), b.getNorth()].map((v) => round(v, 6)),
    })
  }

  private tellStats(): void {
    if (this.gone) return
    this.events.stats({ ...this.meter.read(), cells: this.heat.n, context_losses: this.losses, legend: this.legend() })
  }
}

export { EMPTY }
