// How tiles are drawn: as dark or light as the page, and quieter than everything that lies on them. The layers' names are those of the two schemas
// that base maps come in, Protomaps (docs.protomaps.com/basemaps/layers) and OpenMapTiles (openmaptiles.org/schema); what has
// another name is drawn as thin lines.

import type { ExpressionSpecification, LayerSpecification } from 'maplibre-gl'
import type { Lang } from '../layers/areas'
import { FONTS } from '../map/style'
import { THEME, themeName } from '../palette'

export type VectorLayer = { id: string }

/** Layer of the map that the tiles lie directly beneath. */
export const BENEATH = 'areas-fill'

/** Class of a road in either schema. */
const CLASS: ExpressionSpecification = ['coalesce', ['get', 'kind_detail'], ['get', 'kind'], ['get', 'class'], '']
const WIDE = ['motorway', 'trunk', 'primary', 'highway', 'major_road']
const MIDDLE = ['secondary', 'tertiary', 'medium_road']

/** What a layer of a schema is drawn as. */
const MEANING: Record<string, 'land' | 'green' | 'water' | 'waterway' | 'building' | 'road' | 'border' | 'none'> = {
  earth: 'land',
  landcover: 'green', landuse: 'green', park: 'green', landuse_overlay: 'green',
  water: 'water',
  waterway: 'waterway',
  building: 'building', buildings: 'building',
  roads: 'road', transportation: 'road',
  boundaries: 'border', boundary: 'border',
  // Names and points: the map has its own.
  places: 'none', place: 'none', poi: 'none', pois: 'none', housenumber: 'none', water_name: 'none', mountain_peak: 'none', aerodrome_label: 'none', transportation_name: 'none', natural: 'none', physical_point: 'none',
}

const polygon: ExpressionSpecification = ['==', ['geometry-type'], 'Polygon']
const line: ExpressionSpecification = ['==', ['geometry-type'], 'LineString']

/** Layers of vector tiles from the ground up: areas, water, roads, borders, and the names of roads where they are near. */
export function vectorLayers(source: string, layers: VectorLayer[], lang: Lang): LayerSpecification[] {
  const order = ['land', 'green', 'water', 'waterway', 'building', 'other', 'road', 'border']
  const meant = layers.map(({ id }) => ({ id, as: MEANING[id] ?? 'other' })).filter(({ as }) => as !== 'none')
  meant.sort((a, b) => order.indexOf(a.as) - order.indexOf(b.as))
  const drawn = meant.flatMap(({ id, as }) => {
    const of = { source, 'source-layer': id } as const
    const fill = (colour: string, more: object = {}, minzoom = 0): LayerSpecification => ({ id: `tiles-${id}`, type: 'fill', ...of, minzoom, filter: polygon, paint: { 'fill-color': colour, 'fill-antialias': false, ...more } })
    const stroke = (colour: string | ExpressionSpecification, width: ExpressionSpecification | number, more: object = {}): LayerSpecification => ({
      id: `tiles-${id}-line`, type: 'line', ...of, filter: line, layout: { 'line-join': 'round', 'line-cap': 'round' }, paint: { 'line-color': colour, 'line-width': width, ...more },
    })
    if (as === 'land') return [fill(THEME.ground)]
    if (as === 'green') return [fill(THEME.green, { 'fill-opacity': 0.7 })]
    if (as === 'water') return [fill(THEME.water), stroke(THEME.water, ['interpolate', ['exponential', 1.6], ['zoom'], 9, 0.5, 16, 6])]
    if (as === 'waterway') return [stroke(THEME.water, ['interpolate', ['exponential', 1.6], ['zoom'], 9, 0.5, 16, 6])]
    if (as === 'building') return [fill(THEME.building, {}, 13)]
    if (as === 'border') return [stroke(THEME.border, 0.8, { 'line-dasharray': [4, 3], 'line-opacity': 0.6 })]
    if (as === 'other') return [stroke(THEME.other, 0.7)]
    const wide = (w: number, m: number, s: number): ExpressionSpecification => ['match', CLASS, WIDE, w, MIDDLE, m, s]
    const names: LayerSpecification = {
      id: `tiles-${id}-names`, type: 'symbol', ...of, minzoom: 14, filter: line,
      layout: { 'symbol-placement': 'line', 'text-field': lang === 'en' ? ['coalesce', ['get', 'name:en'], ['get', 'name'], ''] : ['coalesce', ['get', 'name:zh'], ['get', 'name'], ''], 'text-font': FONTS, 'text-size': 11 },
      paint: { 'text-color': THEME.street, 'text-halo-color': THEME.labelHalo, 'text-halo-width': 1.4 },
    }
    return [stroke(['match', CLASS, WIDE, THEME.roadMajor, THEME.road], ['interpolate', ['exponential', 1.5], ['zoom'], 9, wide(0.9, 0.5, 0.2), 16, wide(6, 4, 2.2)]), names]
  })
  return drawn
}

/** Tiles that are pictures: darker or paler, and with less colour than they have. */
export function rasterLayer(source: string): LayerSpecification {
  const light = themeName() === 'light'
  return { id: 'tiles-picture', type: 'raster', source, paint: { 'raster-brightness-min': light ? 0.45 : 0, 'raster-brightness-max': light ? 1 : 0.45, 'raster-saturation': -0.6, 'raster-contrast': 0.1, 'raster-fade-duration': 0 } }
}
