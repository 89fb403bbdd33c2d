// Heat as a smooth surface, drawn by a script that is fetched when somebody first asks for it. Until it is there the cells stay.

import { Layer } from '@deck.gl/core'
import { cellToLatLng, gridDisk } from 'h3-js'
import { type HeatModel, toCommon } from '../layers/heat-model'
import type { Smooth } from '../smooth'
import type { Surface } from '../smooth/surface'
import { fetched } from './script'

/** Disks and middles that are kept: what changes among the cells of one region is soon known. */
const KEPT = 60_000

function remembered<T>(find: (cell: string) => T): (cell: string) => T {
  const known = new Map<string, T>()
  return (cell) => {
    let found = known.get(cell)
    if (found === undefined) {
      if (known.size > KEPT) known.clear()
      known.set(cell, (found = find(cell)))
    }
    return found
  }
}

const CELLS = {
  disk: remembered((cell) => gridDisk(cell, 1)),
  middle: remembered((cell) => {
    const [lat, lon] = cellToLatLng(cell)
    return toCommon(lon, lat)
  }),
}

export class SmoothHeat {
  private made: { surface: Surface; layer: new (props: never) => unknown } | null = null
  private asked = false

  constructor(
    private readonly model: HeatModel,
    private readonly ready: () => void,
  ) {}

  /** The surface as the model is now; null until the script is there, which this asks for. */
  surface(): Surface | null {
    if (!this.made) {
      if (!this.asked) this.ask()
      return null
    }
    this.made.surface.follow(this.model)
    return this.made.surface
  }

  layer(props: Record<string, unknown>): unknown {
    return new this.made!.layer({ id: 'heat-smooth', data: { length: 1 }, surface: this.made!.surface, version: this.made!.surface.version, ...props } as never)
  }

  private ask(): void {
    this.asked = true
    fetched<Smooth>('smooth.js', 'gridcommandSmooth')
      .then(({ Surface, layerOn }) => {
        this.made = { surface: new Surface(CELLS), layer: layerOn(Layer) as never }
        this.ready()
      })
      .catch((error: Error) => {
        console.warn('map:', error.message)
        // Asked for again by whoever looks after a while: a server that went away comes back.
        setTimeout(() => (this.asked = false), 10_000)
      })
  }
}
