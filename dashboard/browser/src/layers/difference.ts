// Differences between a window and the one before: signed numbers, their scale, and how they are written. The scale has two
// arms of equal brightness, so that it is read by hue, by form (what rose stands up, what fell lies flat) and by sign.

import { colourAt, rgb, THEME, upon } from '../palette'

/** Shares of the largest difference at which a legend shows the scale: even steps along it, from the largest fall to the largest rise. */
export const DIFFERENCE_STOPS = [-4, -3, -2, -1, 0, 1, 2, 3, 4].map((k) => Math.sign(k) * (k / 4) ** 2)

/** Place on the scale (0..1) of a share t (-1..1) of the largest difference: the root spreads the many small ones. The shader does the same. */
export function differenceAt(t: number): number {
  return 0.5 + Math.sign(t) * (0.04 + 0.46 * Math.sqrt(Math.abs(t)))
}

/** Opacity of a cell of that share: what hardly changed, as most cells did by chance, stays in the background. The shader does the same. */
export function differenceOpacity(t: number): number {
  return 0.14 + 0.8 * Math.min(1, Math.sqrt(Math.abs(t)) * 1.8)
}

/** Colour of a difference upon the land, at the opacity and in the light that it is drawn with. */
export function differenceSeen(t: number, opacity: number, light = 1, land = THEME.land): string {
  const [r, g, b] = rgb(colourAt('difference', differenceAt(t)))
  return upon([r * light, g * light, b * light], opacity, rgb(land))
}

/** A signed number with its sign: `+12`, `−3`, `±0`; "" where nothing is known. */
export function signed(n: number): string {
  return Number.isFinite(n) ? `${n > 0 ? '+' : n < 0 ? '−' : '±'}${Math.abs(n)}` : ''
}

/** What a legend beside the map needs. */
export function differenceLegend(of: 'cell' | 'area', most: number, res: number, seen: (t: number) => string, raised = of === 'cell'): Record<string, unknown> {
  return { of, scale: 'difference', most, res, stops: DIFFERENCE_STOPS.map((t) => ({ t, colour: seen(t), value: most * t, height: raised ? Math.max(0, t) : 0 })) }
}
