// The letters of the map's names. MapLibre draws them itself and keeps what it drew, so it has to hear when the page's font came.

import type { MapLibreMap } from 'maplibre-gl'

/** The font that the server hands out to machines without one of their own for Chinese (`dashboard/fonts`). */
export const FAMILY = 'Gridcommand Sans'

/** Draws the map's names again once the font has come for `text`; nothing when it is there, or the page has none. */
export function drawAgainWith(text: string, map: () => MapLibreMap | null): void {
  if (typeof document === 'undefined' || !document.fonts) return
  const font = `16px "${FAMILY}"`
  const letters = [...new Set(text)].join('')
  if (document.fonts.check(font, letters)) return
  const drawn = map()
  document.fonts.load(font, letters).then(
    (faces) => {
      // Another map draws with what is there by then.
      if (faces.length && drawn && drawn === map()) drawn.setFontFaces(null)
    },
    () => undefined, // a face that cannot be had: the machine's own letters stay
  )
}
