// The contenders on one page each (?who=ours|hexagon|plotly): the same bytes, the same clock, the same proof of paint.

import 'maplibre-gl/dist/maplibre-gl.css'
import { MapLibreOverlay } from '@deck.gl/maplibre'
import H3HexagonLayer from 'h3-hexagon-layer'
import { cellToBoundary } from 'h3-js'
import { MapLibreMap } from 'maplibre-gl'
import { HeatLayer } from '../../dashboard/browser/src/layers/heat'
import { MapEngine } from '../../dashboard/browser/src/map/engine'
import { applyFrame, type Tables } from '../../dashboard/browser/src/tables'
import { decode } from '../../dashboard/browser/src/wire'

type Contender = {
  map: MapLibreMap
  /** Takes a frame's bytes and resolves when the picture with its values has been rendered. */
  show(bytes: ArrayBuffer): Promise<void>
}

const VIEW = { center: [120.6, 33.0] as [number, number], zoom: 11.2, pitch: 50, bearing: 0 }
const root = () => document.getElementById('map')!

async function fetchFrame(name: string): Promise<ArrayBuffer> {
  return (await fetch(`/frames/${name}`)).arrayBuffer()
}

// Rendering is queued in another process: reading one pixel back waits until it is done.
function finish(map: MapLibreMap): void {
  const gl = (map.getCanvas().getContext('webgl2') ?? map.getCanvas().getContext('webgl')) as WebGL2RenderingContext
  gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(4))
}

function rendered(map: MapLibreMap): Promise<void> {
  return new Promise((done) => map.once('render', () => done()))
}

function settled(map: MapLibreMap): Promise<void> {
  return new Promise((done) => map.once('idle', () => done()))
}

let script = { apply: [] as number[], draw: [] as number[] }

async function ours(): Promise<Contender> {
  const nothing = () => undefined
  const engine = new MapEngine(root(), 'en', { click: nothing, hover: nothing, viewport: nothing, stats: nothing })
  ;(root() as unknown as { gridmap: MapEngine }).gridmap = engine
  engine.setOptions({ layers: { areas: false }, tooltip: false })
  const map = engine.maplibre!
  await new Promise<void>((done) => map.once('load', () => done()))
  map.jumpTo(VIEW)
  let tables: Tables = {}
  const draw = HeatLayer.prototype.draw
  HeatLayer.prototype.draw = function (this: HeatLayer) {
    const start = performance.now()
    draw.call(this)
    script.draw.push(performance.now() - start)
  }
  return {
    map,
    async show(bytes) {
      const start = performance.now()
      const frame = decode(bytes)
      const done = applyFrame(tables, frame)
      tables = done.tables
      const painted = new Promise<void>((resolve) => {
        engine.update({ view: '', tables, changes: done.changes, t: 0, stamps: frame.stamps, receivedAt: Date.now(), painted: nothing })
        const look = () => {
          const inside = engine as unknown as { paints: { none: boolean } }
          if (engine.heat.n && inside.paints.none) resolve()
          else map.once('render', look)
        }
        map.once('render', look)
      })
      script.apply.push(performance.now() - start)
      await painted
    },
  }
}

async function hexagon(): Promise<Contender> {
  const map = new MapLibreMap({ container: root(), style: { version: 8, sources: {}, layers: [{ id: 'b', type: 'background', paint: { 'background-color': '#0b1220' } }] }, ...VIEW, attributionControl: false, canvasContextAttributes: { antialias: false }, fadeDuration: 0 })
  await new Promise<void>((done) => map.once('load', () => done()))
  const overlay = new MapLibreOverlay({ interleaved: true, layers: [] })
  map.addControl(overlay as never)
  let tables: Tables = {}
  let keys: string[] = []
  let version = 0
  return {
    map,
    async show(bytes) {
      tables = applyFrame(tables, decode(bytes)).tables
      const heat = tables.heat!
      const values = heat.cols.value as Float32Array
      const max = Number(heat.meta.max)
      if (keys.length !== heat.n) keys = Array.from(heat.cols.key as BigUint64Array, (k) => k.toString(16))
      const data = keys.map((hex, i) => ({ hex, value: values[i]! }))
      version++
      overlay.setProps({
        layers: [
          new H3HexagonLayer({
            id: 'hexagons',
            data,
            extruded: true,
            coverage: 0.88,
            getHexagon: (d: { hex: string }) => d.hex,
            getElevation: (d: { value: number }) => (d.value / max) * 4000,
            getFillColor: (d: { value: number }) => [64 + 190 * (d.value / max), 67 + 160 * (d.value / max), 133 - 90 * (d.value / max), 235],
            updateTriggers: { getElevation: version, getFillColor: version },
          }),
        ] as never,
      })
      map.triggerRepaint()
      await rendered(map)
      await rendered2(map)
    },
  }
}

// deck.gl builds attributes in the render that follows; the next one shows them.
function rendered2(map: MapLibreMap): Promise<void> {
  const overlay = map
  overlay.triggerRepaint()
  return rendered(map)
}

type PlotlyType = { react(div: HTMLElement, data: unknown[], layout: unknown, config?: unknown): Promise<unknown> }

async function plotly(): Promise<Contender> {
  await new Promise<void>((done) => {
    const tag = document.createElement('script')
    tag.src = '/plotly.min.js'
    tag.onload = () => done()
    document.head.appendChild(tag)
  })
  const Plotly = (window as unknown as { Plotly: PlotlyType }).Plotly
  let tables: Tables = {}
  let keys: string[] = []
  let geojson: unknown = null
  const layout = { margin: { l: 0, r: 0, t: 0, b: 0 }, map: { style: { version: 8, sources: {}, layers: [{ id: 'b', type: 'background', paint: { 'background-color': '#0b1220' } }] }, center: { lon: VIEW.center[0], lat: VIEW.center[1] }, zoom: VIEW.zoom, pitch: VIEW.pitch }, uirevision: 'same', showlegend: false }
  const inner = () => (root() as unknown as { _fullLayout: { map: { _subplot: { map: MapLibreMap } } } })._fullLayout.map._subplot.map
  const it = {
    get map() {
      return inner()
    },
    async show(bytes: ArrayBuffer) {
      tables = applyFrame(tables, decode(bytes)).tables
      const heat = tables.heat!
      if (keys.length !== heat.n) {
        keys = Array.from(heat.cols.key as BigUint64Array, (k) => k.toString(16))
        geojson = {
          type: 'FeatureCollection',
          features: keys.map((hex) => {
            const ring = (cellToBoundary(hex) as [number, number][]).map(([lat, lng]) => [lng, lat])
            return { type: 'Feature', id: hex, properties: {}, geometry: { type: 'Polygon', coordinates: [[...ring, ring[0]]] } }
          }),
        }
      }
      // What dcc.Graph does with a Patch of z: a new figure object around the same locations and geometry.
      const trace = { type: 'choroplethmap', geojson, locations: keys, z: Array.from(heat.cols.value as Float32Array), zmin: 0, zmax: Number(heat.meta.max), marker: { line: { width: 0 } }, showscale: false, uid: 'a' }
      await Plotly.react(root(), [trace], layout, { staticPlot: false })
      const map = inner()
      if (!map.loaded()) await settled(map)
      else {
        map.triggerRepaint()
        await settled(map)
      }
    },
  }
  return it
}

async function times(contender: Contender, frames: ArrayBuffer[], again: ArrayBuffer): Promise<number[]> {
  await contender.show(again.slice(0))
  finish(contender.map)
  await new Promise((done) => setTimeout(done, 500))
  const out: number[] = []
  for (const frame of frames) {
    const start = performance.now()
    await contender.show(frame.slice(0))
    finish(contender.map)
    out.push(performance.now() - start)
    await new Promise((done) => setTimeout(done, 60))
  }
  return out
}

async function pan(map: MapLibreMap, ms: number): Promise<number> {
  const start = performance.now()
  let frames = 0
  while (performance.now() - start < ms) {
    const t = (performance.now() - start) / 1000
    const next = rendered(map)
    map.jumpTo({ center: [VIEW.center[0] + 0.02 * Math.sin(t * 2), VIEW.center[1] + 0.01 * Math.cos(t * 2)] })
    await next
    finish(map)
    frames++
  }
  return (1000 * frames) / (performance.now() - start)
}

const makers = { ours, hexagon, plotly }
let current: Contender | null = null

Object.assign(window, {
  bench: {
    async start(who: keyof typeof makers) {
      if (who === 'plotly') {
        // Plotly's map exists only once it was given something to draw.
        current = await plotly()
        return
      }
      current = await makers[who]()
    },
    async paint(n: string, frames: number) {
      const first = await fetchFrame(`${n}/snapshot`)
      const rest = await Promise.all(Array.from({ length: frames }, (_, i) => fetchFrame(`${n}/full${i}`)))
      return times(current!, rest, first)
    },
    async deltas(n: string, frames: number) {
      const first = await fetchFrame(`${n}/snapshot`)
      const rest = await Promise.all(Array.from({ length: frames }, (_, i) => fetchFrame(`${n}/delta${i}`)))
      await current!.show(first)
      await new Promise((done) => setTimeout(done, 800))
      script = { apply: [], draw: [] }
      const out = await times(current!, rest.slice(1), rest[0]!)
      return { painted: out, apply: script.apply.slice(1), draw: script.draw.slice(1) }
    },
    pan: (ms: number) => pan(current!.map, ms),
    get map() {
      return current!.map
    },
  },
})
