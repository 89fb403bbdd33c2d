// The light of the map at the moment it shows: where it comes from, and how bright the ground beneath everything is. What says
// something, the colours of data, signs and names, is the same by day and by night.

import type { LayerSpecification, MapLibreMap } from 'maplibre-gl'
import { rgb, THEME, themeName } from '../palette'
import { day, daylight, type Phase, phase, position } from './sun'

/** Where light comes from without a sun, as a direction on the ground [east, north]. */
const LAMP: [number, number] = [-0.8, -0.6]
/** The sun is looked at again when the moment has moved so far. */
const EVERY_MS = 60_000
/** How much of it the ground loses at night, and takes of the sky by day: little, for text and borders lie on it, and a light
 * map is to stay one. */
const NIGHT = { dark: 0.24, light: 0.06 }
const SKY = 0.055
const DUSK = 0.05
const SKY_COLOUR = '#a8c8f0'
const DUSK_COLOUR = '#c07040'
/** Lights of the ground that are told apart. */
const STEPS = 24
/** Layers of the style that are ground. */
const GROUND = ['background', 'land', 'water-fill', 'water-line', 'roads']

export type Sunlight = { phase: Phase; rise: number | null; set: number | null }

/** A colour of the ground at a light of 0 (night) to 1 (day). */
export function lit(hex: string, light: number): string {
  const toward = (from: number[], to: readonly number[], share: number) => from.map((c, i) => c + (to[i]! - c) * share)
  let colour: number[] = toward([...rgb(hex)], [0, 0, 0], NIGHT[themeName()] * (1 - light))
  colour = toward(colour, rgb(SKY_COLOUR), SKY * light)
  // Between night and day, and strongest in the middle of it.
  colour = toward(colour, rgb(DUSK_COLOUR), DUSK * (1 - Math.abs(2 * light - 1)))
  return `#${colour.map((c) => Math.round(c).toString(16).padStart(2, '0')).join('')}`
}

/** The same of every colour in a style's value. */
function litAll(value: unknown, light: number): unknown {
  if (typeof value === 'string') return /^#[0-9a-f]{6}$/.test(value) ? lit(value, light) : value
  return Array.isArray(value) ? value.map((part) => litAll(part, light)) : value
}

export class Daylight {
  /** Whether the sun is followed; else the ground is as the theme has it and the light comes from the lamp. */
  private on = true
  private moment = Number.NaN
  private place: [number, number] | null = null
  private seen = ''
  private light: number | null = null
  /** Where the light comes from, a direction on the ground [east, north]. */
  direction: [number, number] = LAMP
  /** What is to be said of the sun, null while it is not followed or its place is not known. */
  told: Sunlight | null = null

  /** The moment that is shown (ms since 1970), and the middle of what is shown. True when the light is another. */
  look(moment: number, box: [number, number, number, number] | null, on: boolean): boolean {
    const place: [number, number] | null = box && [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2]
    const now = on && place && Number.isFinite(moment) ? [Math.floor(moment / EVERY_MS), place[0].toFixed(1), place[1].toFixed(1)].join() : ''
    if (now === this.seen && on === this.on) return false
    ;[this.seen, this.on, this.moment, this.place] = [now, on, moment, place]
    this.work()
    return true
  }

  /** Colour of the land as it is drawn now: what translucent colours are seen upon. */
  land(): string {
    return this.light === null ? THEME.land : lit(THEME.land, this.light)
  }

  /** The ground of a map in this light; `layers` are those of its style. */
  paint(map: MapLibreMap, layers: LayerSpecification[]): void {
    for (const { id, paint } of layers) {
      if (!GROUND.includes(id)) continue
      for (const [name, value] of Object.entries(paint ?? {})) {
        if (name.endsWith('-color')) map.setPaintProperty(id, name as never, (this.light === null ? value : litAll(value, this.light)) as never)
      }
    }
  }

  private work(): void {
    this.direction = LAMP
    this.light = null
    this.told = null
    if (!this.seen || !this.place) return
    const { elevation, azimuth } = position(this.moment, ...this.place)
    // In steps that hardly show: each new colour of the ground makes MapLibre lay its tiles out anew.
    this.light = Math.round(daylight(elevation) * STEPS) / STEPS
    const crossings = day(this.moment, ...this.place)
    this.told = { phase: phase(elevation), rise: crossings?.rise ?? null, set: crossings?.set ?? null }
    const [east, north] = [Math.sin((azimuth * Math.PI) / 180), Math.cos((azimuth * Math.PI) / 180)]
    // By night there is the lamp; in the twilight the light goes from one to the other.
    const [x, y] = [LAMP[0] + (east - LAMP[0]) * this.light, LAMP[1] + (north - LAMP[1]) * this.light]
    const long = Math.hypot(x, y)
    if (long > 0.1) this.direction = [x / long, y / long]
  }
}
