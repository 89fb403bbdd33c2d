// What the page's script defines: the Dash components, by the namespace of dashboard/components.py.

import 'maplibre-gl/dist/maplibre-gl.css'
import './gridcommand.css'
import 'regenerator-runtime/runtime' // dcc.Graph looks for it: the page leaves out Dash's polyfills, which bring it
import { GridMap } from './components/GridMap'
import { Stream } from './components/Stream'
import { Queue, watchQueue } from './layers/queue'
import { followUnit, watchUnits } from './layers/unit-rows'

Object.assign(window, { gridcommand: { GridMap, Stream, Queue, watchQueue, watchUnits, followUnit } })
