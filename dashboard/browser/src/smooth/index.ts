// Heat as a smooth surface: a script of its own, fetched by the first page that asks for one.

import type { Layer } from '@deck.gl/core'
import { layerOn } from './layer'
import type { Cells } from './net'
import { Surface } from './surface'

export type Smooth = { Surface: new (cells: Cells) => Surface; layerOn(base: typeof Layer): ReturnType<typeof layerOn> }

Object.assign(window, { gridcommandSmooth: { Surface, layerOn } satisfies Smooth })
