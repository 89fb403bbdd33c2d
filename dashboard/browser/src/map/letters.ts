// The letters of the map's names. MapLibre draws them itself and keeps what it drew, so it has to hear when the page's font came.

import type { MapLibreMap } from 'maplibre-gl'

/** The font that the server hands out to machines without one of their own for Chinese (`dashboard/fonts`). */
export const FAMILY = 'Gridcommand Sans'
/** A browser that lacks a part of a font begins to fetch it within this time. */
const ASKED_MS = 50

let pen: CanvasRenderingContext2D | null = null

/** Draws the map's names again once the font has come for `text`, and tells `came`; nothing when it is there, or the page has none. */
export function drawAgainWith(text: string, map: () => MapLibreMap | null, came: () => void): void {
  if (typeof document === 'undefined' || !document.fonts) return
  // Measuring asks for the parts that the letters need; `document.fonts.load` would fetch every part that may have them.
  pen ??= document.createElement('canvas').getContext('2d')
  if (!pen) return
  pen.font = `16px "${FAMILY}"`
  pen.measureText(text)
  setTimeout(() => {
    const drawn = map()
    if (!drawn || document.fonts.status === 'loaded') return
    void document.fonts.ready.then(() => {
      // Another map draws with what is there by then.
      if (drawn !== map()) return
      drawn.setFontFaces(null)
      came()
    })
  }, ASKED_MS)
}
