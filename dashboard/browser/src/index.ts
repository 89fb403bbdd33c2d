// What the page's script defines: the Dash components, by the namespace of dashboard/components.py.

import 'maplibre-gl/dist/maplibre-gl.css'
import './gridcommand.css'
import { GridMap } from './components/GridMap'
import { Location } from './components/Location'
import { Store } from './components/Store'
import { Stream } from './components/Stream'
import { Queue, watchQueue } from './layers/queue'
import { followUnit, watchUnits } from './layers/unit-rows'

Object.assign(window, { gridcommand: { GridMap, Location, Store, Stream, Queue, watchQueue, watchUnits, followUnit } })
