// Builds dashboard/assets_built/{maplibre,gridcommand,table,tiles,smooth}.js and gridcommand.css, copies plotly-basic.js there, and their .gz, or with --tests the unit tests into .tests/.
import { createHash } from 'node:crypto'
import { copyFileSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import esbuild from 'esbuild'

const here = dirname(fileURLToPath(import.meta.url))
const require = createRequire(import.meta.url)

// Elsewhere MapLibre is what maplibre.js has put on the page.
const maplibreOfThePage = {
  name: 'maplibre-of-the-page',
  setup(build) {
    build.onResolve({ filter: /^maplibre-gl$/ }, () => ({ path: 'maplibre-gl', namespace: 'page' }))
    build.onLoad({ filter: /.*/, namespace: 'page' }, () => ({ contents: 'module.exports = globalThis.maplibregl' }))
  },
}

// deck.gl groups attributes by it on WebGPU; the map is WebGL.
const webgpuAlone = {
  name: 'webgpu-alone',
  setup(build) {
    build.onResolve({ filter: /^@luma\.gl\/gpgpu/ }, () => ({ path: 'gpgpu', namespace: 'left-out' }))
    build.onLoad({ filter: /.*/, namespace: 'left-out' }, () => ({ contents: 'module.exports = {}' }))
  },
}

export const common = {
  bundle: true,
  format: 'iife',
  target: ['es2022', 'chrome100', 'firefox100', 'safari16'],
  plugins: [maplibreOfThePage, webgpuAlone],
  define: { 'process.env.NODE_ENV': '"production"', 'import.meta.url': '""' },
  legalComments: 'linked',
  logLevel: 'warning',
}

/** MapLibre's classes name fields that they do not set; what sets them is elsewhere. */
export const maplibre = (outdir) =>
  esbuild.build({ ...common, entryPoints: { maplibre: join(here, 'maplibre.js') }, outdir, minify: true, tsconfigRaw: { compilerOptions: { useDefineForClassFields: false } } })

function zip(file) {
  // mtime 0 and no file name: the same input gives the same bytes on every machine.
  writeFileSync(`${file}.gz`, gzipSync(readFileSync(file), { level: 9 }))
}

/** The pages' own scripts and styles without what only people read. A file is named by what it was made from: the server sends
 * none that is older than its source. */
async function pages(out) {
  const from = join(here, '../assets')
  const to = join(out, 'assets')
  rmSync(to, { recursive: true, force: true })
  mkdirSync(to, { recursive: true })
  for (const name of readdirSync(from)) {
    const [, stem, loader] = /^(.+)[.](js|css)$/.exec(name) ?? []
    if (!stem) continue // what an editor or a file manager left there
    const source = readFileSync(join(from, name))
    const { code } = await esbuild.transform(source.toString(), { loader, minify: true, charset: 'utf8', legalComments: 'none' })
    const file = join(to, `${stem}.${createHash('sha256').update(source).digest('hex').slice(0, 12)}.${loader}`)
    writeFileSync(file, code)
    zip(file)
  }
}

async function bundle() {
  const out = join(here, '../assets_built')
  mkdirSync(out, { recursive: true })
  const entryPoints = { gridcommand: join(here, 'src/index.ts'), table: join(here, 'src/table/index.ts'), tiles: join(here, 'src/tiles/index.ts'), smooth: join(here, 'src/smooth/index.ts') }
  await esbuild.build({ ...common, entryPoints, outdir: out, minify: true })
  await maplibre(out)
  await pages(out)
  // Bars and lines are all that the pages draw: a quarter of what Plotly's whole bundle weighs.
  copyFileSync(require.resolve('plotly.js-basic-dist-min'), join(out, 'plotly-basic.js'))
  for (const name of ['maplibre.js', 'gridcommand.js', 'gridcommand.css', 'table.js', 'tiles.js', 'smooth.js', 'plotly-basic.js']) {
    const file = join(out, name)
    zip(file)
    const bytes = readFileSync(file)
    const digest = createHash('sha256').update(bytes).digest('hex').slice(0, 12)
    console.log(`${name} ${(bytes.length / 1024).toFixed(0)} KB, ${(readFileSync(`${file}.gz`).length / 1024).toFixed(0)} KB gzipped, ${digest}`)
  }
}

async function tests() {
  const out = join(here, '.tests')
  rmSync(out, { recursive: true, force: true })
  const entryPoints = readdirSync(join(here, 'test')).filter((f) => f.endsWith('.test.ts')).map((f) => join(here, 'test', f))
  await esbuild.build({ entryPoints, outdir: out, bundle: true, format: 'esm', platform: 'node', target: 'node20', packages: 'external', outExtension: { '.js': '.mjs' }, logLevel: 'warning' })
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await (process.argv.includes('--tests') ? tests() : bundle())
