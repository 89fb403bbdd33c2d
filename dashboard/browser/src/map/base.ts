// What lies beneath everything: water, roads and outlines of the region, the border of the area in focus, and tiles where the
// server has a file of them.

import type { MapLibreMap } from 'maplibre-gl'
import type { Lang } from '../layers/areas'
import { fetched } from './script'

/** A PMTiles file of the server, as its API names it. */
export type TilesFile = { url: string; kind: 'vector' | 'raster' }
type Tiles = { attach(map: MapLibreMap, file: TilesFile, lang: Lang): Promise<string>; recolour(map: MapLibreMap): void }

/** The script that draws tiles, fetched once and only when there are some. */
const tilesScript = () => fetched<Tiles>('tiles.js', 'gridcommandTiles')

export class Base {
  /** GeoJSON by the name of its source. */
  readonly data: Record<string, object> = {}
  private map: MapLibreMap | null = null
  private file: TilesFile | null = null

  constructor(
    private readonly host: HTMLElement,
    private readonly lang: () => Lang,
  ) {}

  attach(map: MapLibreMap): void {
    this.map = map
    for (const [layer, data] of Object.entries(this.data)) this.set(layer, data)
    this.draw()
  }

  detach(): void {
    this.map = null
  }

  set(layer: string, data: object): void {
    this.data[layer] = data
    ;(this.map?.getSource(layer) as { setData(data: object): void } | undefined)?.setData(data)
  }

  /** Tiles to lie beneath the areas. */
  setTiles(file: TilesFile): void {
    this.file = file
    this.draw()
  }

  /** The page's theme changed. */
  recolour(): void {
    const { map } = this
    // Tiles that are still to come are drawn in its colours as it is.
    if (map && this.file) tilesScript().then((tiles) => map === this.map && tiles.recolour(map), () => undefined)
  }

  private draw(): void {
    const { map, file } = this
    if (!map || !file) return
    tilesScript()
      .then(async (tiles) => {
        if (map === this.map) this.credit(await tiles.attach(map, file, this.lang()))
      })
      .catch((error: Error) => console.warn('map:', error.message))
  }

  /** Whom the data is by, which its licence wants to be seen. */
  private credit(text: string): void {
    if (!text) return
    let element = this.host.querySelector<HTMLElement>('.gc-credit')
    if (!element) {
      element = document.createElement('div')
      element.className = 'gc-credit'
      this.host.appendChild(element)
    }
    element.textContent = text
  }
}
