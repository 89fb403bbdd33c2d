// Where names stand: each as near to its area's own point as it can without lying on another name or on a pin, and if need be on a
// tall column. One rule, the same for every look at the same picture: nothing of where a name stood before goes into it.

export type Box = [x0: number, y0: number, x1: number, y1: number]

export type Name = {
  id: string
  /** Pixel of the area's point. */
  x: number
  y: number
  /** Size of the text, pixels. */
  width: number
  height: number
  /** Whether its middle may stand at this pixel: inside its own area. */
  within(x: number, y: number): boolean
}

/** Pixels kept free around a name. */
const GAP = 4
/** Places that are tried, in widths and heights of the name: the nearest first, above before below, left before right. */
const TRIED: readonly [number, number][] = (() => {
  const out: [number, number][] = []
  for (let y = -2.5; y <= 2.5; y += 0.5) for (let x = -1.05; x <= 1.06; x += 0.35) out.push([Number(x.toFixed(2)), y])
  // A name is about three times as wide as high.
  const far = ([x, y]: [number, number]) => Math.hypot(3 * x, y)
  return out.sort((a, b) => far(a) - far(b) || a[1] - b[1] || a[0] - b[0])
})()

/** Pixels from the picture's corner within which boxes are looked at: twice what the widest wall has. */
const MOST = 16_384

/** Boxes by the squares of a raster that they touch. */
class Raster {
  private readonly squares = new Map<number, Box[]>()

  constructor(boxes: Iterable<Box> = []) {
    for (const box of boxes) this.add(box)
  }

  add(box: Box): void {
    for (const key of this.keys(box)) {
      const here = this.squares.get(key)
      if (here) here.push(box)
      else this.squares.set(key, [box])
    }
  }

  /** Whether a box overlaps any. */
  hits([x0, y0, x1, y1]: Box): boolean {
    for (const key of this.keys([x0, y0, x1, y1])) {
      for (const box of this.squares.get(key) ?? []) if (x0 < box[2] && x1 > box[0] && y0 < box[3] && y1 > box[1]) return true
    }
    return false
  }

  /** None for a box that is no box of a picture: what is drawn ends far within `MOST`. */
  private *keys([x0, y0, x1, y1]: Box): Iterable<number> {
    if (!(x0 >= -MOST && y0 >= -MOST && x1 <= MOST && y1 <= MOST)) return
    for (let x = Math.floor(x0 / 64); x <= Math.floor(x1 / 64); x++) for (let y = Math.floor(y0 / 64); y <= Math.floor(y1 / 64); y++) yield x * 65_536 + y
  }
}

/**
 * Pixels of the middles of names, in the order they come: the first have the choice. One that finds no place is left out. `pins` are
 * never covered, `columns` only where nothing else is free.
 */
export function placed(names: readonly Name[], pins: Iterable<Box>, columns: Iterable<Box> = []): Map<string, [number, number]> {
  const taken = new Raster(pins)
  const tall = new Raster(columns)
  const out = new Map<string, [number, number]>()
  for (const { id, x, y, width, height, within } of names) {
    const [w, h] = [width / 2 + GAP, height / 2 + GAP]
    let second: [number, number] | null = null
    let found: [number, number] | null = null
    for (const [dx, dy] of TRIED) {
      const [cx, cy] = [x + dx * width, y + dy * height]
      const box: Box = [cx - w, cy - h, cx + w, cy + h]
      if (taken.hits(box) || (second && tall.hits(box)) || ((dx || dy) && !within(cx, cy))) continue
      if (tall.hits(box)) second = [cx, cy]
      else {
        found = [cx, cy]
        break
      }
    }
    const at = found ?? second
    if (!at) continue
    out.set(id, at)
    taken.add([at[0] - w, at[1] - h, at[0] + w, at[1] + h])
  }
  return out
}

/** Size of names by zoom, pixels: smaller the more areas there are to name. */
export function nameSizes(areas: number, scale = 1): [zoom: number, size: number][] {
  const large = areas > 60 ? 11.5 : areas > 25 ? 13 : 15
  return [[9, (large - 3) * scale], [11, (large - 1) * scale], [14, (large + 1) * scale]]
}

/** Ems after which a name goes on in another line. */
export const NAME_EMS = 8
export const LINE_EMS = 1.15
/** The count below a name is so much smaller. */
export const COUNT_SCALE = 0.86

export function nameSize(areas: number, scale: number, zoom: number): number {
  const stops = nameSizes(areas, scale)
  for (let i = 1; i < stops.length; i++) {
    const [[z0, s0], [z1, s1]] = [stops[i - 1]!, stops[i]!]
    if (zoom <= z1) return s0 + (s1 - s0) * Math.min(1, Math.max(0, (zoom - z0) / (z1 - z0)))
  }
  return stops[stops.length - 1]![1]
}

let pen: CanvasRenderingContext2D | null = null
const widths = new Map<string, number>()

/** Measure texts anew: they were measured in the font that stood in for one that has come. */
export function forgetWidths(): void {
  widths.clear()
}

/** Width of a text in ems, as the fonts of this machine have it. */
function ems(text: string, fonts: string): number {
  let wide = widths.get(text)
  if (wide === undefined) {
    pen ??= document.createElement('canvas').getContext('2d')!
    pen.font = `24px ${fonts}`
    if (widths.size > 5_000) widths.clear()
    widths.set(text, (wide = pen.measureText(text).width / 24))
  }
  return wide
}

/** Pixels that a name and the count below it take. */
export function nameBox(name: string, count: string, size: number, fonts: string): { width: number; height: number } {
  const wide = ems(name, fonts)
  const lines = Math.max(1, Math.ceil(wide / NAME_EMS))
  // Lines break between words: the longest is longer than their mean, and no shorter than the longest word.
  const line = lines > 1 ? Math.max(Math.min(NAME_EMS, (wide / lines) * 1.25), ...name.split(' ').map((word) => Math.min(wide, ems(word, fonts)))) : wide
  return { width: size * Math.max(line, ems(count, fonts) * COUNT_SCALE), height: size * LINE_EMS * (lines + (count ? COUNT_SCALE : 0)) }
}
