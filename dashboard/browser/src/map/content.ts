// What is on the map: the layers, what the stream says of them, and what of them is drawn with the next frame.

import type { MapLibreMap } from 'maplibre-gl'
import type { Update } from '../bus'
import { Areas, type Lang } from '../layers/areas'
import { Cameras } from '../layers/cameras'
import { differenceLegend, differenceOpacity, differenceSeen } from '../layers/difference'
import { drawnColour, heightAt, HeatLayer, LEGEND_STOPS, TOP_LIGHT } from '../layers/heat'
import { cellText, HeatModel } from '../layers/heat-model'
import { Incidents } from '../layers/incidents'
import { Prisms, raisedAt, raisedSeen } from '../layers/prisms'
import { Units } from '../layers/units'
import type { ScaleName } from '../palette'
import { Daylight } from './daylight'
import { Naming } from './naming'
import type { LayerToggle, Options } from './options'
import { viewport } from './pick'
import { SmoothHeat } from './smooth'
import type { Atlas } from './sprites'
import { changeSeen, LABELS, tintSeen } from './style'

/** Edge of a hexagon by resolution, metres (H3's table of averages). */
const EDGE_M = [1281256, 483057, 182513, 68979, 26072, 9854, 3725, 1406, 531, 201, 76, 28, 11, 4, 2, 1]

export class Content {
  readonly heat = new HeatModel()
  readonly areas: Areas
  readonly incidents = new Incidents()
  readonly units = new Units()
  readonly cameras = new Cameras()
  readonly daylight = new Daylight()
  private readonly prisms = new Prisms()
  private readonly smooth: SmoothHeat
  private readonly naming: Naming
  options: Options = {}
  selection: { kind?: string; id?: string } | null = null
  /** Symbols and names are so many times as large as on a desk. */
  symbols = 1
  /** Row of the heat under the pointer, -1 for none. */
  heatHover = -1
  private version = 0
  private lastView: string | null = null
  private heatWasShown = true

  /** `changed` is told when what is drawn came late. */
  constructor(lang: Lang, changed: () => void) {
    this.areas = new Areas(lang)
    this.smooth = new SmoothHeat(this.heat, changed)
    this.naming = new Naming(changed)
  }

  attach(map: MapLibreMap): void {
    this.areas.attach(map)
    this.prisms.attach(map)
    this.look()
    this.incidents.attach(map)
    this.heat.generation++
  }

  detach(): void {
    this.areas.detach()
    this.prisms.detach()
    this.naming.stop()
    this.incidents.detach()
  }

  setSymbols(scale: number): void {
    this.symbols = scale
    this.areas.setSymbols(scale)
  }

  select(selection: { kind?: string; id?: string } | null): void {
    this.selection = selection
    this.areas.select(this.selected('area'))
  }

  /** The areas as the options and the heat want them. */
  look(): void {
    this.areas.setLook(this.shows('areas'), this.scale(), this.showsHeat() || this.form() === 'areas')
  }

  /** The page's theme changed. */
  recolour(): void {
    this.look()
    this.units.recolour()
  }

  scale(): ScaleName {
    return this.options.scale ?? 'viridis'
  }

  shows(layer: keyof LayerToggle): boolean {
    return this.options.layers?.[layer] !== false
  }

  showsHeat(): boolean {
    return this.shows('heat') && this.heat.n > 0 && this.form() !== 'areas'
  }

  /** What heat is drawn as now. Areas are raised where they are shown; the surface needs its script. */
  form(): 'cells' | 'smooth' | 'areas' {
    const { heat = 'cells' } = this.options
    if (heat === 'areas') return this.shows('areas') && this.shows('heat') ? 'areas' : 'cells'
    return heat === 'smooth' && this.shows('heat') && this.smooth.surface() ? 'smooth' : 'cells'
  }

  /** How high a row's cell is drawn at `now`, as a share of the tallest; null where nothing is. */
  heightOf(row: number, now: number): number | null {
    const value = this.heat.shown(row, now)
    if (value === 0) return null
    if (this.form() === 'smooth') return Math.max(0, this.smooth.surface()!.share(cellText(this.heat.keys[row]!)))
    return heightAt(Math.min(1, Math.max(0, value) / this.heat.max), this.heat.compared)
  }

  /** What the stream says. `now` on the clock of performance.now(); without `smooth` everything changes at once. */
  update(update: Update, now: number, smooth: boolean): void {
    if (update.view !== this.lastView) {
      this.lastView = update.view
      this.incidents.forget()
    }
    this.heat.transition = smooth ? 0.4 : 0
    for (const [name, change] of Object.entries(update.changes)) {
      const table = update.tables[name]
      if (!table) continue
      if (name === 'heat') this.heat.update(table, change, now)
      else if (name === 'areas') this.areas.update(table, change)
      else if (name === 'incidents') this.incidents.update(table, change)
      else if (name === 'units') this.units.update(table, now, smooth)
      else if (name === 'cameras') this.cameras.update(table)
    }
    if (!update.tables.heat && this.heat.n) this.heat.clear()
    if (!update.tables.areas && this.areas.codes().length) this.areas.clear()
    if (!update.tables.incidents) this.incidents.clear()
    if (!update.tables.units) this.units.clear()
    if (!update.tables.cameras) this.cameras.clear()
  }

  /** deck.gl's layers as they are now, from the ground up; columns are `height` metres high at most. */
  layers(map: MapLibreMap, atlas: Atlas, height: number): unknown[] {
    const heat = this.showsHeat()
    const beneath = heat || this.form() === 'areas'
    if (beneath !== this.heatWasShown) {
      this.heatWasShown = beneath
      this.look()
    }
    const zoom = map.getZoom()
    const b = map.getBounds()
    const form = this.form()
    this.prisms.look(form === 'areas' ? height : null, this.areas.compared() ? 'difference' : this.scale(), this.daylight.direction)
    const layers: unknown[] = [this.heatLayer(heat && form === 'cells', height)]
    if (heat && form === 'smooth') layers.push(this.smoothLayer(height))
    if (this.shows('cameras')) layers.push(...this.cameras.layers(atlas, zoom, [b.getWest(), b.getSouth(), b.getEast(), b.getNorth()], this.selected('camera'), this.symbols))
    if (this.shows('units')) layers.push(...this.units.layers(atlas, zoom, this.selected('unit'), this.symbols))
    const view = viewport(map)
    if (this.shows('incidents')) layers.push(...this.incidents.layers(atlas, view, this.selected('incident'), map.isMoving(), this.symbols))
    if (!map.isMoving()) this.naming.look(this, view, height)
    return layers
  }

  heatLayer(visible: boolean, height: number): HeatLayer {
    return new HeatLayer({
      id: 'heat',
      beforeId: LABELS,
      visible,
      // deck.gl draws no layer without data; the rows are in the model.
      data: { length: Math.max(1, this.heat.n) } as never,
      model: this.heat,
      height,
      scale: this.scale(),
      light: this.daylight.direction,
      hover: this.heatHover,
      version: ++this.version,
    } as never)
  }

  private smoothLayer(height: number): unknown {
    const { heat, heatHover } = this
    const hover = heatHover >= 0 && heatHover < heat.n ? cellText(heat.keys[heatHover]!) : ''
    return this.smooth.layer({ id: 'heat-smooth', beforeId: LABELS, height, scale: this.scale(), compared: heat.compared, light: this.daylight.direction, hover })
  }

  /** Metres that the tallest column would like to be high. */
  naturalHeight(): number {
    return Math.max(this.heat.extent * 0.12, (EDGE_M[this.heat.res] ?? 500) * 3) * (this.options.height ?? 1)
  }

  legend(): Record<string, unknown> {
    const heat = this.showsHeat()
    const form = this.form()
    const scale = this.scale()
    const land = this.daylight.land()
    const surface = heat && form === 'smooth' ? this.smooth.surface() : null
    const max = heat ? (surface?.max ?? this.heat.max) : this.areas.max()
    const raised = form === 'areas'
    const told = { form, measure: this.heat.measure, areas_max: this.areas.max() }
    if (heat ? this.heat.compared : this.areas.compared()) {
      const seen = raised ? (t: number) => raisedSeen('difference', t, land) : (t: number) => changeSeen(t, land)
      return { ...differenceLegend(heat ? 'cell' : 'area', max, this.heat.res, heat ? (t) => differenceSeen(t, differenceOpacity(t), TOP_LIGHT, land) : seen, raised), ...told }
    }
    const colour = (t: number) => (heat ? drawnColour(scale, t, land) : raised ? raisedSeen(scale, t, land) : tintSeen(scale, t, land))
    const height = (t: number) => (surface ? t : heat ? heightAt(t) : raised ? raisedAt(t) : 0)
    const stops = LEGEND_STOPS.map((t) => ({ t, colour: colour(t), value: max * t, height: height(t) }))
    return { of: heat ? 'cell' : 'area', scale, max: surface?.max ?? this.heat.max, res: this.heat.res, stops, ...told }
  }

  /** Id of what is selected of a kind, "" for none. */
  selected(kind: string): string {
    return this.selection?.kind === kind ? String(this.selection.id ?? '') : ''
  }
}
