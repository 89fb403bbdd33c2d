// What is on the map: the layers, what the stream says of them, and what of them is drawn with the next frame.

import type { MapLibreMap } from 'maplibre-gl'
import type { Update } from '../bus'
import { Areas, type Lang } from '../layers/areas'
import { Cameras } from '../layers/cameras'
import { differenceLegend, differenceOpacity, differenceSeen } from '../layers/difference'
import { drawnColour, heightAt, HeatLayer, LEGEND_STOPS, TOP_LIGHT } from '../layers/heat'
import { HeatModel } from '../layers/heat-model'
import { Incidents } from '../layers/incidents'
import { Units } from '../layers/units'
import type { ScaleName } from '../palette'
import type { LayerToggle, Options } from './options'
import { viewport } from './pick'
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
  options: Options = {}
  selection: { kind?: string; id?: string } | null = null
  /** Symbols and names are so many times as large as on a desk. */
  symbols = 1
  /** Row of the heat under the pointer, -1 for none. */
  heatHover = -1
  private version = 0
  private lastView: string | null = null
  private heatWasShown = true

  constructor(lang: Lang) {
    this.areas = new Areas(lang)
  }

  attach(map: MapLibreMap): void {
    this.areas.attach(map)
    this.look()
    this.incidents.attach(map)
    this.heat.generation++
  }

  detach(): void {
    this.areas.detach()
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
    this.areas.setLook(this.shows('areas'), this.scale(), this.showsHeat())
  }

  scale(): ScaleName {
    return this.options.scale ?? 'viridis'
  }

  shows(layer: keyof LayerToggle): boolean {
    return this.options.layers?.[layer] !== false
  }

  showsHeat(): boolean {
    return this.shows('heat') && this.heat.n > 0
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
    if (heat !== this.heatWasShown) {
      this.heatWasShown = heat
      this.look()
    }
    const zoom = map.getZoom()
    const b = map.getBounds()
    const layers: unknown[] = [this.heatLayer(heat, height)]
    if (this.shows('cameras')) layers.push(...this.cameras.layers(atlas, zoom, [b.getWest(), b.getSouth(), b.getEast(), b.getNorth()], this.selected('camera'), this.symbols))
    if (this.shows('units')) layers.push(...this.units.layers(atlas, zoom, this.selected('unit'), this.symbols))
    if (this.shows('incidents')) layers.push(...this.incidents.layers(atlas, viewport(map), this.selected('incident'), map.isMoving(), this.symbols))
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
      hover: this.heatHover,
      version: ++this.version,
    } as never)
  }

  /** Metres that the tallest column would like to be high. */
  naturalHeight(): number {
    return Math.max(this.heat.extent * 0.12, (EDGE_M[this.heat.res] ?? 500) * 3) * (this.options.height ?? 1)
  }

  legend(): Record<string, unknown> {
    const heat = this.showsHeat()
    const max = heat ? this.heat.max : this.areas.max()
    if (heat ? this.heat.compared : this.areas.compared()) {
      return differenceLegend(heat ? 'cell' : 'area', max, this.heat.res, heat ? (t) => differenceSeen(t, differenceOpacity(t), TOP_LIGHT) : changeSeen)
    }
    const stops = LEGEND_STOPS.map((t) => ({ t, colour: heat ? drawnColour(this.scale(), t) : tintSeen(this.scale(), t), value: max * t, height: heat ? heightAt(t) : 0 }))
    return { of: heat ? 'cell' : 'area', scale: this.scale(), max: this.heat.max, measure: this.heat.measure, res: this.heat.res, stops, areas_max: this.areas.max() }
  }

  /** Id of what is selected of a kind, "" for none. */
  selected(kind: string): string {
    return this.selection?.kind === kind ? String(this.selection.id ?? '') : ''
  }
}
