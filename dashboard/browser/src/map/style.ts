// The map's style, built in code: no style URL, no glyph URL, no sprite URL. Without `glyphs` MapLibre draws every label
// with the page's font, Chinese included.

import type { ExpressionSpecification, LayerSpecification, MapLibreMap, StyleSpecification } from 'maplibre-gl'
import { DIFFERENCE_STOPS, differenceAt, differenceSeen } from '../layers/difference'
import { colourAt, rgb, type ScaleName, THEME, upon } from '../palette'
import { COUNT_SCALE, LINE_EMS, NAME_EMS, nameSizes } from './names'
import { FAMILY } from './letters'

export const EMPTY = { type: 'FeatureCollection' as const, features: [] }

/** Layer that the heat is drawn under; labels stay readable above the columns. */
export const LABELS = 'area-labels'

/** Road classes that are drawn wide; every other class is a street. */
const MAJOR = ['motorway', 'trunk', 'primary', 'main', 'major', 'highway', 'arterial']

export const FONTS = [FAMILY, 'Noto Sans CJK SC', 'Source Han Sans SC', 'PingFang SC', 'Microsoft YaHei', 'WenQuanYi Micro Hei', 'sans-serif']

const state = (name: string): ExpressionSpecification => ['feature-state', name]
const on = (name: string): ExpressionSpecification => ['boolean', state(name), false]

/** Opacity of a fill that is all there is. */
const ALONE = 0.62

/** Place on the colour scale of an area with a share t of the largest count. */
export function tintAt(t: number): number {
  return 0.12 + 0.88 * Math.sqrt(t)
}

/** Colour of such an area as it is seen on the land. */
export function tintSeen(scale: ScaleName, t: number, land = THEME.land): string {
  return upon(rgb(colourAt(scale, tintAt(t))), ALONE, rgb(land))
}

/** Colour of an area with a share t (-1..1) of the largest difference as it is seen on the land. */
export function changeSeen(t: number, land = THEME.land): string {
  return differenceSeen(t, ALONE, 1, land)
}

/** Fill of an area by its share t of the largest count (0..1) or difference (-1..1); beneath columns one plain hue, so that
 * their scale stays the only one. */
export function tint(scale: ScaleName, heat: boolean): ExpressionSpecification {
  // One hue, yet by the area's state: MapLibre fails on news of a state when a colour went by it a moment ago and no longer does.
  if (heat) return ['step', ['number', state('t'), 0], THEME.outline, 2, THEME.outline]
  if (scale === 'difference') {
    const changes = DIFFERENCE_STOPS.flatMap((t) => [t, colourAt(scale, differenceAt(t))])
    return ['interpolate', ['linear'], ['number', state('t'), 0], ...changes] as ExpressionSpecification
  }
  const stops = [0, 0.15, 0.3, 0.5, 0.75, 1].flatMap((t) => [t, colourAt(scale, tintAt(t))])
  return ['interpolate', ['linear'], ['number', state('t'), 0], ...stops] as ExpressionSpecification
}

/** Opacity of the fill: faint beneath columns and growing with the count, strong when the fill is all there is. */
export function tintOpacity(heat: boolean): ExpressionSpecification {
  const share: ExpressionSpecification = ['abs', ['number', state('t'), 0]]
  const counted: ExpressionSpecification | number = heat ? ['interpolate', ['linear'], share, 0, 0.03, 1, 0.2] : ['case', ['==', share, 0], 0.05, ALONE]
  return ['+', ['case', on('hover'), 0.16, 0], ['case', ['==', state('t'), null], 0, on('silent'), 0.05, counted]]
}

/** Names get smaller the more areas there are to name. */
export function labelSize(areas: number, scale = 1): ExpressionSpecification {
  return ['interpolate', ['linear'], ['zoom'], ...nameSizes(areas, scale).flat()]
}

export function baseStyle(scale: ScaleName): StyleSpecification {
  const geojson = (data: object = EMPTY) => ({ type: 'geojson' as const, data: data as never })
  return {
    version: 8,
    sources: {
      water: geojson(),
      roads: geojson(),
      outline: geojson(),
      focus: geojson(),
      areas: { ...geojson(), promoteId: 'code' },
      silent: geojson(),
      labels: geojson(),
    },
    light: { anchor: 'viewport', color: 'white', intensity: 0.3 },
    layers: [
      { id: 'background', type: 'background', paint: { 'background-color': THEME.background } },
      { id: 'land', type: 'fill', source: 'outline', filter: ['==', ['geometry-type'], 'Polygon'], paint: { 'fill-color': THEME.land } },
      { id: 'water-fill', type: 'fill', source: 'water', filter: ['==', ['geometry-type'], 'Polygon'], paint: { 'fill-color': THEME.water, 'fill-antialias': false } },
      {
        id: 'water-line',
        type: 'line',
        source: 'water',
        filter: ['==', ['geometry-type'], 'LineString'],
        layout: { 'line-cap': 'round', 'line-join': 'round' },
        paint: { 'line-color': THEME.water, 'line-width': ['interpolate', ['exponential', 1.6], ['zoom'], 9, 1, 16, 10] },
      },
      { id: 'areas-fill', type: 'fill', source: 'areas', paint: { 'fill-color': tint(scale, true), 'fill-opacity': tintOpacity(true), 'fill-antialias': false } },
      {
        id: 'roads',
        type: 'line',
        source: 'roads',
        layout: { 'line-join': 'round' },
        paint: {
          'line-color': ['match', ['coalesce', ['get', 'class'], ['get', 'kind'], ''], MAJOR, THEME.roadMajor, THEME.road],
          'line-width': [
            'interpolate', ['exponential', 1.5], ['zoom'],
            9, ['match', ['coalesce', ['get', 'class'], ['get', 'kind'], ''], MAJOR, 0.9, 0.3],
            16, ['match', ['coalesce', ['get', 'class'], ['get', 'kind'], ''], MAJOR, 6, 2.5],
          ],
        },
      },
      { id: 'areas-silent', type: 'fill', source: 'silent', paint: { 'fill-pattern': 'hatch', 'fill-opacity': 0.85 } },
      {
        id: 'areas-line',
        type: 'line',
        source: 'areas',
        layout: { 'line-join': 'round' },
        paint: { 'line-color': THEME.border, 'line-width': ['interpolate', ['linear'], ['zoom'], 9, 0.7, 15, 1.6], 'line-opacity': 0.9 },
      },
      {
        id: 'areas-silent-line',
        type: 'line',
        source: 'silent',
        paint: { 'line-color': THEME.hatch, 'line-width': 1.1, 'line-opacity': 0.8, 'line-dasharray': [3, 2] },
      },
      { id: 'outline-glow', type: 'line', source: 'outline', paint: { 'line-color': THEME.outline, 'line-width': 7, 'line-blur': 7, 'line-opacity': 0.35 } },
      { id: 'outline-line', type: 'line', source: 'outline', paint: { 'line-color': THEME.outline, 'line-width': 1.4, 'line-opacity': 0.9 } },
      { id: 'focus-glow', type: 'line', source: 'focus', layout: { 'line-join': 'round' }, paint: { 'line-color': THEME.outline, 'line-width': 9, 'line-blur': 8, 'line-opacity': 0.55 } },
      { id: 'focus-line', type: 'line', source: 'focus', layout: { 'line-join': 'round' }, paint: { 'line-color': THEME.focus, 'line-width': 2 } },
      {
        id: 'areas-highlight',
        type: 'line',
        source: 'areas',
        layout: { 'line-join': 'round' },
        paint: {
          'line-color': ['case', on('selected'), THEME.selected, THEME.borderHover],
          'line-width': ['case', on('selected'), 2.6, on('hover'), 1.8, 0],
        },
      },
      {
        id: LABELS,
        type: 'symbol',
        source: 'labels',
        layout: {
          'text-field': ['format', ['get', 'label'], {}, ['case', ['==', ['get', 'count'], ''], '', ['concat', '\n', ['get', 'count']]], { 'font-scale': COUNT_SCALE, 'text-color': THEME.count }],
          'text-font': FONTS,
          'text-size': labelSize(0),
          'text-max-width': NAME_EMS,
          'text-line-height': LINE_EMS,
          // Where they stand is worked out beforehand; on the way from one camera to another they must not cover each other.
          'text-padding': 1,
          'symbol-sort-key': ['get', 'rank'],
          'text-pitch-alignment': 'viewport',
        },
        paint: { 'text-color': THEME.label, 'text-halo-color': THEME.labelHalo, 'text-halo-width': 1.8, 'text-halo-blur': 0.3 },
      },
    ],
  }
}

/** Paint a map's layers, where they are, in the colours that these have. */
export function repaint(map: MapLibreMap, layers: readonly LayerSpecification[]): void {
  const differ = (a: unknown, b: unknown) => JSON.stringify(a) !== JSON.stringify(b)
  for (const { id, paint = {}, layout = {} } of layers as readonly { id: string; paint?: object; layout?: object }[]) {
    if (!map.getLayer(id)) continue
    for (const [name, value] of Object.entries(paint)) if (differ(value, map.getPaintProperty(id, name as never))) map.setPaintProperty(id, name as never, value as never)
    // The counts in the names have a colour of their own.
    for (const [name, value] of Object.entries(layout)) if (name === 'text-field' && differ(value, map.getLayoutProperty(id, name as never))) map.setLayoutProperty(id, name as never, value as never)
  }
}

/** Diagonal stripes: silence must be seen without colour. */
export function hatchImage(): ImageData {
  const size = 20
  const canvas = document.createElement('canvas')
  canvas.width = canvas.height = size
  const pen = canvas.getContext('2d')!
  pen.strokeStyle = THEME.hatch
  pen.globalAlpha = 0.75
  pen.lineWidth = 2.4
  pen.lineCap = 'square'
  for (const offset of [-size, 0, size]) {
    pen.beginPath()
    pen.moveTo(offset - 2, size + 2)
    pen.lineTo(offset + size + 2, -2)
    pen.stroke()
  }
  return pen.getImageData(0, 0, size, size)
}
