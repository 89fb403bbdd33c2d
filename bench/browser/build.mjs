// Bundles the bench page: our layers from dashboard/browser/src, the peer from node_modules here, shared libraries once.
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const here = dirname(fileURLToPath(import.meta.url))
const browser = join(here, '../../dashboard/browser')
const esbuild = (await import(pathToFileURL(join(browser, 'node_modules/esbuild/lib/main.js')).href)).default
const { common, maplibre } = await import(pathToFileURL(join(browser, 'build.mjs')).href)

const shared = {
  name: 'shared-libraries',
  setup(build) {
    // One copy of deck.gl, luma.gl and h3-js for both contenders; MapLibre is the page's.
    build.onResolve({ filter: /^(@deck\.gl\/(core|layers|maplibre)|@luma\.gl\/(core|engine|webgl|shadertools)|@math\.gl\/|h3-js)/ }, (args) =>
      args.pluginData === 'shared' ? undefined : build.resolve(args.path, { resolveDir: browser, kind: args.kind, pluginData: 'shared' }),
    )
    build.onResolve({ filter: /^h3-hexagon-layer$/ }, () => ({ path: join(here, 'node_modules/@deck.gl/geo-layers/dist/h3-layers/h3-hexagon-layer.js') }))
  },
}

await esbuild.build({ ...common, plugins: [...common.plugins, shared], entryPoints: { bench: join(here, 'bench.ts') }, outdir: join(here, 'built'), minify: true })
await maplibre(join(here, 'built'))
