// MapLibre from its own sources, for the page and for its worker in one script. Its package brings a bundle for each, and
// what both hold is most of the worker's: as one they are 110 KB gzipped less, with what the map does not use left out.
import './node_modules/maplibre-gl/src/source/worker.ts' // begins in a worker, does nothing on a page
import { addProtocol, MapLibreMap, Marker, setWorkerUrl } from './node_modules/maplibre-gl/src/index.ts'

if (typeof document !== 'undefined') setWorkerUrl(document.currentScript.src)
globalThis.maplibregl = { addProtocol, MapLibreMap, Marker }
