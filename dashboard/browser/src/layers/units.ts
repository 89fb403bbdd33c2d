// Units: picture by kind, ring by status, and where they came from as a fading trail.

import { IconLayer, LineLayer } from '@deck.gl/layers'
import { type Atlas, pictureOf } from '../map/sprites'
import { rgb, THEME } from '../palette'
import type { Table } from '../tables'
import { Glide } from './glide'
import { numbers, FLAT } from './points'

/** `tails` are the segments [number, row] that lead to where a unit was last heard from. */
type Segments = { length: number; from: Float64Array; to: Float64Array; colours: Uint8Array; tails: [number, number][] }

export class Units {
  /** The units where they are shown: on the way between two fixes. */
  table: Table | null = null
  private readonly glide = new Glide()
  private version = 0
  private steps = 0
  private data = { length: 0 }
  private segments: Segments | null = null
  /** The trails of the last frame by their text: most are the same in the next one, and no other is kept. */
  private trails = new Map<string, [number, number][]>()

  /** Without `smooth` units are at once where they were last heard from. `now` in ms of any one clock. */
  update(table: Table, now: number, smooth: boolean): void {
    this.glide.update(table, now, smooth)
    this.table = { ...table, cols: { ...table.cols, lon: this.glide.lon, lat: this.glide.lat } }
    this.version++
    this.data = { length: table.n }
    this.segments = null
  }

  /** The page's theme changed. */
  recolour(): void {
    this.segments = null
  }

  moving(now: number): boolean {
    return this.glide.moving(now)
  }

  /** How far somebody would have moved on the picture by now, degrees. */
  due(now: number): number {
    return this.glide.due(now)
  }

  /** Show everybody where they are now. */
  step(now: number): void {
    if (this.glide.step(now) > 0) this.steps++
  }

  clear(): void {
    this.glide.clear()
    this.table = null
    this.segments = null
    this.trails.clear()
  }

  /** Grid workers are many and on foot: small, and only from this zoom on. */
  shows(row: number, zoom: number): boolean {
    return zoom >= 12.4 || this.pictures()[numbers(this.table, 'kind')[row]!] !== 'grid_worker'
  }

  layers(atlas: Atlas, zoom: number, selected: string, scale = 1): (IconLayer | LineLayer)[] {
    const table = this.table
    if (!table) return []
    const lon = numbers(table, 'lon')
    const lat = numbers(table, 'lat')
    const status = numbers(table, 'status')
    const kind = numbers(table, 'kind')
    const pictures = this.pictures()
    const near = Math.min(Math.max((zoom - 9) / 5, 0), 1)
    const workers = zoom >= 12.4
    const chosen = selected ? (table.cols.key as string[]).indexOf(selected) : -1
    const trails = this.lines(table, pictures)
    return [
      new LineLayer({
        id: 'unit-trails',
        data: {
          length: trails.length,
          attributes: {
            getSourcePosition: { value: trails.from, size: 2 },
            getTargetPosition: { value: trails.to, size: 2 },
            getColor: { value: trails.colours, size: 4, normalized: true },
          },
        } as never,
        widthUnits: 'pixels',
        getWidth: 2.4 * scale,
        ...FLAT,
      }),
      new IconLayer({
        id: 'units',
        data: this.data as never,
        iconAtlas: atlas.image as never,
        iconMapping: atlas.mapping,
        getPosition: (_: unknown, { index }: { index: number }) => [lon[index]!, lat[index]!],
        getIcon: (_: unknown, { index }: { index: number }) => `unit-${pictures[kind[index]!] ?? 'other'}-${Math.min(status[index]!, 5)}`,
        getSize: (_: unknown, { index }: { index: number }) => {
          if (index === chosen) return 38
          if (pictures[kind[index]!] === 'grid_worker') return workers ? 19 : 0
          return 26
        },
        sizeUnits: 'pixels',
        sizeScale: scale * (0.6 + 0.4 * near),
        ...FLAT,
        updateTriggers: { getPosition: [this.version, this.steps], getIcon: this.version, getSize: [this.version, chosen, workers] },
      }),
    ]
  }

  private pictures(): string[] {
    return ((this.table?.meta.kinds as string[] | undefined) ?? []).map(pictureOf)
  }

  private lines(table: Table, pictures: string[]): Segments {
    if (this.segments) return this.led(this.segments)
    const trail = (table.cols.trail as string[] | undefined) ?? []
    const status = numbers(table, 'status')
    const kind = numbers(table, 'kind')
    const known = this.trails
    this.trails = new Map()
    const paths: { row: number; points: [number, number][]; colour: readonly [number, number, number] }[] = []
    let count = 0
    for (let row = 0; row < table.n; row++) {
      const raw = trail[row]
      if (!raw || raw.length < 8 || pictures[kind[row]!] === 'grid_worker') continue
      const points = known.get(raw) ?? parsed(raw)
      this.trails.set(raw, points)
      if (points.length < 2) continue
      paths.push({ row, points, colour: rgb(THEME.trails[status[row]!] ?? THEME.trails[5]!) })
      count += points.length - 1
    }
    const out: Segments = { length: count, from: new Float64Array(count * 2), to: new Float64Array(count * 2), colours: new Uint8Array(count * 4), tails: [] }
    let at = 0
    for (const { row, points, colour } of paths) {
      for (let i = 1; i < points.length; i++, at++) {
        out.from.set(points[i - 1]!, at * 2)
        out.to.set(points[i]!, at * 2)
        out.colours.set([...colour, Math.round(230 * (i / (points.length - 1)) ** 1.6)], at * 4)
      }
      out.tails.push([at - 1, row])
    }
    this.segments = out
    return this.led(out)
  }

  /** The trails with their heads where the units are shown. */
  private led(segments: Segments): Segments {
    for (const [at, row] of segments.tails) {
      segments.to[at * 2] = this.glide.lon[row]!
      segments.to[at * 2 + 1] = this.glide.lat[row]!
    }
    return segments
  }
}

function parsed(raw: string): [number, number][] {
  try {
    return JSON.parse(raw) as [number, number][]
  } catch {
    return []
  }
}
