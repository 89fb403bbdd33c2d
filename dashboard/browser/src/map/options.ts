// What a page tells a map and what a map tells its page.

import type { ScaleName } from '../palette'
import type { Thing } from './pick'

export type LayerToggle = Partial<Record<'heat' | 'areas' | 'incidents' | 'units' | 'cameras', boolean>>
export type Options = {
  layers?: LayerToggle
  /** Colour scale of heat and areas. */
  scale?: ScaleName
  /** How heat is drawn: a column on every cell, a smooth surface over them, or the areas raised. */
  heat?: 'cells' | 'smooth' | 'areas'
  /** `false`: the light does not follow the sun of the moment shown. */
  sun?: boolean
  /** Factor on the height of the columns, 1 = as it comes. */
  height?: number
  /** No gesture moves the map; clicks and hovering still work. */
  locked?: boolean
  tooltip?: boolean
  /** Zone that times are said in, an IANA name; the browser's own where it is left out. */
  timezone?: string
  /** `namespace.function` under window.dash_clientside: `(id, category code) => what the incident is called, "" for unknown`. */
  title?: string
  /** Pixels covered by panels, kept free when the map flies somewhere. */
  padding?: { top?: number; right?: number; bottom?: number; left?: number }
  /** Where the JSON of areas comes from. */
  api?: string
}
/** `hull` are corners [lon, lat] around the area: with them the picture fits its shape, not its box. `camera` is a view to restore as
 * it was (what `viewportInfo` told), instead of a box; the map then counts as moved by its reader. */
export type Focus = { bbox?: [number, number, number, number]; hull?: [number, number][]; code?: string; level?: string; pitch?: number; bearing?: number; camera?: { lon: number; lat: number; zoom: number; pitch: number; bearing: number }; still?: boolean } | null
export type Basemap = false | string | { water?: string; roads?: string; outline?: string } | null
export type Events = {
  click(info: Thing): void
  hover(info: Thing): void
  viewport(info: Record<string, unknown>): void
  stats(info: Record<string, unknown>): void
}
