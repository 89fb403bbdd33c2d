import assert from 'node:assert/strict'
import { test } from 'node:test'
import { WebMercatorViewport } from '@deck.gl/core'
import { around, fitTilted, tallest } from '../src/map/fit'

const size = { width: 1200, height: 800 }

function seenHeight(lon: number, lat: number, metres: number, camera: { center: [number, number]; zoom: number; pitch: number; bearing: number }): number {
  const view = new WebMercatorViewport({ longitude: camera.center[0], latitude: camera.center[1], zoom: camera.zoom, pitch: camera.pitch, bearing: camera.bearing, ...size })
  return view.project([lon, lat, 0])[1]! - view.project([lon, lat, metres])[1]!
}

test('the tallest column takes about a fifth of the picture, however large the area in focus', () => {
  for (const [lat, span] of [[31, 0.6], [31, 0.06], [31, 0.006], [55, 0.02]] as const) {
    const camera = fitTilted(around([120, lat, 120 + span, lat + span * 0.7]), size.width, size.height, { top: 60, right: 30, bottom: 60, left: 30 }, 0)
    const share = seenHeight(camera.center[0], camera.center[1], tallest(camera, size.height), camera) / size.height
    assert.ok(Math.abs(share - 0.22) < 0.005, `${lat} ${span}: ${share}`)
  }
})

test('flat on the ground the bound stays finite', () => {
  assert.ok(Number.isFinite(tallest({ center: [120, 31], zoom: 12, pitch: 0 }, 800)))
})
