// The names of a picture at rest: what they must keep clear of, and where they stand then.

import type { WebMercatorViewport } from '@deck.gl/core'
import { heightAt } from '../layers/heat'
import type { HeatModel } from '../layers/heat-model'
import { raisedAt } from '../layers/prisms'
import { projected, type Standing } from '../layers/pins'
import type { Content } from './content'
import { type Box, type Name, nameBox, nameSize, placed } from './names'
import { FONTS } from './style'

const FACES = FONTS.map((face) => (face === 'sans-serif' ? face : `"${face}"`)).join()
/** Columns below this share of the tallest are low enough to be written upon, and of the others so many are gone around. */
const TALL = 0.5
const MOST_TALL = 80
/** News that comes faster moves no name. */
const EVERY_MS = 2_000
/** Names whose point lies so far outside the picture stay there, pixels. */
const OUTSIDE = 60

/** What the tall columns cover of the picture, columns being `height` metres high at most. */
function columns(heat: HeatModel, view: WebMercatorViewport, height: number): Box[] {
  const tall: [number, number][] = []
  for (let row = 0; row < heat.n; row++) {
    const share = heightAt(Math.min(1, Math.max(0, heat.value(row)) / heat.max), heat.compared)
    if (share >= TALL) tall.push([share, row])
  }
  tall.sort((a, b) => b[0] - a[0] || a[1] - b[1])
  return tall.slice(0, MOST_TALL).flatMap(([share, row]): Box[] => {
    const corners = heat.outline(row).map((place) => view.unprojectFlat(place))
    const at = corners.flatMap(([lon, lat]) => [view.project([lon!, lat!, 0]), view.project([lon!, lat!, share * height])])
    if (!at.every(inSight)) return []
    const [xs, ys] = [at.map((p) => p[0]!), at.map((p) => p[1]!)]
    const box: Box = [Math.max(-OUTSIDE, Math.min(...xs)), Math.max(-OUTSIDE, Math.min(...ys)), Math.min(view.width + OUTSIDE, Math.max(...xs)), Math.min(view.height + OUTSIDE, Math.max(...ys))]
    return box[0] < box[2] && box[1] < box[3] ? [box] : []
  })
}

/** Whether a projected place is before the camera: what is behind it, or beside it, has pixels that mean nothing. */
function inSight([x, y, depth]: number[]): boolean {
  return Number.isFinite(x) && Number.isFinite(y) && depth! > -1 && depth! <= 1
}

export class Naming {
  private camera = ''
  private seen = ''
  private list: Standing[] | null = null
  private at = 0
  private timer = 0

  /** `again` is called when a look is due that nothing else asks for. */
  constructor(private readonly again: () => void) {}

  stop(): void {
    clearTimeout(this.timer)
    this.timer = 0
  }

  /** Names for this camera. Works at once when the camera is another, every two seconds at most when what is written or stands in the
   * way is, and else not at all. */
  look(content: Content, view: WebMercatorViewport, height: number): void {
    const { areas, heat, incidents, symbols } = content
    const shown = content.shows('incidents') ? incidents.pins.list : []
    const form = content.form()
    const camera = [view.longitude, view.latitude, view.zoom, view.pitch, view.bearing, view.width, view.height, symbols, form, height.toFixed(0)].join()
    const seen = `${heat.changes} ${areas.changes} ${content.shows('areas')}`
    const same = camera === this.camera
    if (same && seen === this.seen && (shown === this.list || !(shown.length + (this.list?.length ?? 0)))) return
    const wait = this.at + EVERY_MS - performance.now()
    if (same && wait > 0) {
      this.timer ||= window.setTimeout(() => {
        this.timer = 0
        this.again()
      }, wait)
      return
    }
    this.camera = camera
    this.seen = seen
    this.list = shown
    this.at = performance.now()
    if (!content.shows('areas')) return

    const { zoom } = view
    const selected = content.selected('incident')
    const at = projected(view, shown.map((pin) => pin.lon), shown.map((pin) => pin.lat))
    const pins = shown.flatMap((pin, i): Box[] => {
      const r = incidents.radius(pin, zoom, selected) * symbols
      return Number.isFinite(at.x[i]) ? [[at.x[i]! - r, at.y[i]! - r, at.x[i]! + r, at.y[i]! + r]] : []
    })
    const said = areas.names()
    const points = projected(view, said.map((it) => it.at[0]), said.map((it) => it.at[1]))
    const size = nameSize(areas.size(), symbols, zoom)
    const names: Name[] = []
    said.forEach(({ code, label, count, at: [lon, lat] }, i) => {
      const [x, foot] = [points.x[i]!, points.y[i]!]
      if (!(x > -OUTSIDE && x < view.width + OUTSIDE && foot > -OUTSIDE && foot < view.height + OUTSIDE)) return
      // The name of a raised area stands on its top.
      const top = form === 'areas' ? view.project([lon, lat, raisedAt(areas.share(code)) * height]) : null
      if (top && !inSight(top)) return
      const y = top ? top[1]! : foot
      const within = (px: number, py: number) => {
        const [a, b] = view.unproject([px, py + foot - y])
        return areas.holds(code, a!, b!)
      }
      names.push({ id: code, x, y, ...nameBox(label, count, size, FACES), within })
    })
    const found = placed(names, pins, form === 'cells' && content.showsHeat() ? columns(heat, view, height) : [])
    const spots = new Map<string, [number, number] | null>()
    for (const { id, x, y } of names) {
      const spot = found.get(id)
      if (!spot) spots.set(id, null)
      else if (form === 'areas' || spot[0] !== x || spot[1] !== y) spots.set(id, view.unproject(spot).map((v) => Number(v.toFixed(7))) as [number, number])
    }
    areas.setSpots(spots)
  }
}
