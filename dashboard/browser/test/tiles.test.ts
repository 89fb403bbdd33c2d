import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rasterLayer, vectorLayers } from '../src/tiles/style'

const drawn = (ids: string[]) => vectorLayers('tiles', ids.map((id) => ({ id })), 'en').map((layer) => layer.id)

test('both schemas are drawn from the ground up, whatever the order in the file', () => {
  const protomaps = ['roads', 'places', 'water', 'buildings', 'earth', 'boundaries', 'landuse', 'pois']
  assert.deepEqual(drawn(protomaps), ['tiles-earth', 'tiles-landuse', 'tiles-water', 'tiles-water-line', 'tiles-buildings', 'tiles-roads-line', 'tiles-roads-names', 'tiles-boundaries-line'])
  const openMapTiles = ['transportation', 'transportation_name', 'waterway', 'water', 'building', 'landcover', 'boundary', 'place']
  assert.deepEqual(drawn(openMapTiles), ['tiles-landcover', 'tiles-water', 'tiles-water-line', 'tiles-waterway-line', 'tiles-building', 'tiles-transportation-line', 'tiles-transportation-names', 'tiles-boundary-line'])
})

test('a layer of another name is thin lines above the ground and below the roads', () => {
  assert.deepEqual(drawn(['roads', 'pipelines', 'earth']), ['tiles-earth', 'tiles-pipelines-line', 'tiles-roads-line', 'tiles-roads-names'])
  assert.ok(vectorLayers('tiles', [{ id: 'pipelines' }], 'zh').every((layer) => 'source-layer' in layer && layer['source-layer'] === 'pipelines'))
})

test('pictures lose brightness and colour', () => {
  const { paint } = rasterLayer('tiles') as unknown as { paint: Record<string, number> }
  assert.ok(paint['raster-brightness-max']! < 0.5 && paint['raster-saturation']! < 0)
})
