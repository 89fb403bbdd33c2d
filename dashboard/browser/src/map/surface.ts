// The canvas: how it is made, how many pixels it has, and what is said in its place while there is none.

import { MapLibreMap, type StyleSpecification } from 'maplibre-gl'
import type { Lang } from '../layers/areas'
import type { Camera } from './fit'
import { words } from './words'

/** Pixels along an edge: a wall of several screens is wider than MapLibre's own 4,096. */
const MOST_EDGE = [16_384, 16_384] as const
export const MOST_ZOOM = 19
const MOST_PIXELS = 3840 * 2160

/** A drawing buffer that once came out smaller than asked for, for want of memory, is a limit for ever to MapLibre: without
 * this the map would stay coarse. */
export function unclamped(map: MapLibreMap): void {
  ;(map as unknown as { _maxCanvasSize: number[] })._maxCanvasSize = [...MOST_EDGE]
}

/** Pixels of the canvas for one of the page along each edge; `share` of them are drawn while the map moves. */
export function pixelRatio(host: HTMLElement, share: number): number {
  const area = Math.max(1, host.clientWidth * host.clientHeight)
  return Math.min(window.devicePixelRatio || 1, 2, Math.sqrt(MOST_PIXELS / area)) * share
}

/** A map in `host`, where `camera` stood before. Throws where there is no WebGL2. */
export function newMap(host: HTMLElement, style: StyleSpecification, camera: Camera | null, share: number): MapLibreMap {
  return new MapLibreMap({
    container: host,
    style,
    center: camera?.center ?? [0, 20],
    zoom: camera?.zoom ?? 1.5,
    pitch: camera?.pitch ?? 50,
    bearing: camera?.bearing ?? 0,
    maxPitch: 70,
    minZoom: 2,
    maxZoom: MOST_ZOOM,
    fadeDuration: 0,
    attributionControl: false,
    renderWorldCopies: false,
    pixelRatio: pixelRatio(host, share),
    maxCanvasSize: [...MOST_EDGE],
    canvasContextAttributes: { antialias: false, powerPreference: 'high-performance' },
    localIdeographFontFamily: false,
    refreshExpiredTiles: false,
    cancelPendingTileRequestsWhileZooming: true,
  })
}

/** No gesture moves the map, or all of them do. */
export function lock(map: MapLibreMap, locked: boolean): void {
  for (const handler of [map.scrollZoom, map.dragPan, map.dragRotate, map.keyboard, map.doubleClickZoom, map.touchZoomRotate, map.boxZoom, map.touchPitch]) {
    if (locked) handler.disable()
    else handler.enable()
  }
}

/** What a screen reader calls the canvas. */
export function named(map: MapLibreMap, lang: Lang): void {
  const canvas = map.getCanvas()
  canvas.setAttribute('role', 'application')
  canvas.setAttribute('aria-label', words(lang).map)
}

/** One line over the map, "" for none. */
export function message(host: HTMLElement, text: string): void {
  let element = host.querySelector<HTMLElement>('.gc-map-message')
  if (!text) return element?.remove()
  if (!element) {
    element = document.createElement('div')
    element.className = 'gc-map-message'
    element.setAttribute('role', 'status')
    host.appendChild(element)
  }
  element.textContent = text
}

/** How much larger symbols and names are drawn than on a desk: as the page's type is, which grows with a wall. */
export function symbolScale(): number {
  const type = parseFloat(getComputedStyle(document.documentElement).fontSize) / 16
  return type > 1 ? Math.round(type * 20) / 20 : 1
}

export function reducedMotion(): boolean {
  return matchMedia('(prefers-reduced-motion: reduce)').matches
}
