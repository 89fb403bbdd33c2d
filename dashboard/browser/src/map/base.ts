// What lies beneath everything: water, roads and outlines of the region, the border of the area in focus, and tiles where the
// server has a file of them.

import type { MapLibreMap } from 'maplibre-gl'
import type { Lang } from '../layers/areas'

/** A PMTiles file of the server, as its API names it. */
export type TilesFile = { url: string; kind: 'vector' | 'raster' }
type Tiles = { attach(map: MapLibreMap, file: TilesFile, lang: Lang): Promise<string> }

/** Where this script came from: the one that draws tiles lies beside it. */
const HERE = typeof document === 'undefined' ? '' : ((document.currentScript as HTMLScriptElement | null)?.src ?? '')
let script: Promise<Tiles> | null = null

/** The script that draws tiles, fetched once and only when there are some. */
function tilesScript(): Promise<Tiles> {
  script ??= new Promise((done, failed) => {
    const element = document.createElement('script')
    element.src = new URL('tiles.js', HERE || location.href).href
    element.onload = () => done((window as unknown as { gridcommandTiles: Tiles }).gridcommandTiles)
    element.onerror = () => {
      script = null
      failed(new Error(`${element.src} cannot be had`))
    }
    document.head.appendChild(element)
  })
  return script
}

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
