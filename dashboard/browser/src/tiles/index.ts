// A base map from a local PMTiles file: a script of its own, fetched only by a page whose server has such a file.

import { addProtocol, type LayerSpecification, type MapLibreMap } from 'maplibre-gl'
import { PMTiles, Protocol } from 'pmtiles'
import type { Lang } from '../layers/areas'
import type { TilesFile } from '../map/base'
import { repaint } from '../map/style'
import { BENEATH, rasterLayer, type VectorLayer, vectorLayers } from './style'

const protocol = new Protocol()
addProtocol('pmtiles', protocol.tile)

const SOURCE = 'tiles'

type Metadata = { vector_layers?: VectorLayer[]; attribution?: string }

/** What each map has of tiles, in the colours of the page's theme. */
const drawn = new WeakMap<MapLibreMap, () => LayerSpecification[]>()

/** Put the file's tiles on a map, beneath the areas; gives whom the data is by, "" where the file does not say. */
async function attach(map: MapLibreMap, file: TilesFile, lang: Lang): Promise<string> {
  const url = new URL(file.url, location.href).href
  const archive = new PMTiles(url)
  protocol.add(archive)
  const metadata = ((await archive.getMetadata()) ?? {}) as Metadata
  // Another file, or a map that went while this was read.
  if (map.getSource(SOURCE) || !map.getLayer(BENEATH)) return ''
  map.addSource(SOURCE, { type: file.kind, url: `pmtiles://${url}`, ...(file.kind === 'raster' ? { tileSize: 256 } : {}) })
  const layers = () => (file.kind === 'raster' ? [rasterLayer(SOURCE)] : vectorLayers(SOURCE, metadata.vector_layers ?? [], lang))
  for (const layer of layers()) map.addLayer(layer, BENEATH)
  drawn.set(map, layers)
  return String(metadata.attribution ?? '').replace(/<[^>]*>/g, '').replaceAll('&copy;', '©').slice(0, 200)
}

/** The page's theme changed. */
function recolour(map: MapLibreMap): void {
  repaint(map, drawn.get(map)?.() ?? [])
}

Object.assign(window, { gridcommandTiles: { attach, recolour } })
