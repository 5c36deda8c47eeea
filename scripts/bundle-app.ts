import type { Plugin, RolldownOptions } from 'rolldown'

/** The parts of undici that are used: its entry would run all of it at each start: fetch, WebSockets, caches and mocks. */
const UNDICI_PARTS = `
  import api from './lib/api/index.js'
  import Dispatcher from './lib/dispatcher/dispatcher.js'
  export { default as Agent } from './lib/dispatcher/agent.js'
  export { default as ProxyAgent } from './lib/dispatcher/proxy-agent.js'
  Object.assign(Dispatcher.prototype, api)
`

const undiciParts: Plugin = {
  name: 'undici-parts',
  async resolveId(id, importer) {
    if (id !== 'undici') return null
    const entry = await this.resolve(id, importer, { skipSelf: true })
    return entry === null ? null : `${entry.id}?parts`
  },
  load: (id) => (id.endsWith('?parts') ? UNDICI_PARTS : null),
}

const minify = { compress: true, mangle: false, codegen: { removeWhitespace: true } } as const
const external = [/^node:/]

/** The oldest Node that is supported: it has no `using`. */
const transform = { target: 'node22.19' } as const

/** The packages that nearly every program needs: one file of them loads faster than thirty. */
const BASE = /packages[\\/](bytes|content|credentials|digest|distribution|manifest|reference|registry|transfer)[\\/]/

/**
 * Bundles an app into one folder of plain files: the program, the parts that it loads on demand, and the worker threads,
 * which are next to it under these names and share no file with it, so that they load little.
 */
export const bundleApp = (program: string): RolldownOptions[] => [
  {
    input: { [program]: `./src/${program}.ts` },
    platform: 'node',
    external,
    transform,
    plugins: [undiciParts],
    output: {
      dir: 'dist',
      format: 'esm',
      entryFileNames: '[name].js',
      chunkFileNames: '[name]-[hash].js',
      cleanDir: true,
      sourcemap: false,
      minify,
      codeSplitting: {
        groups: [
          { name: 'base', test: (id) => BASE.test(id) && !id.includes('undici') && !id.includes('dispatchers') },
        ],
      },
    },
  },
  {
    input: {
      'compress-worker': '../../packages/compression/dist/compress/compress-worker.js',
      'inflate-worker': '../../packages/compression/dist/inflate/inflate-worker.js',
      'unpack-worker': '../../packages/compression/dist/unpack/unpack-worker.js',
      'measure-worker': '../../packages/layer-store/dist/indexes/measure-worker.js',
      'password-worker': '../../packages/registry-server/dist/node/password-worker.js',
    },
    platform: 'node',
    external,
    transform,
    output: {
      dir: 'dist',
      format: 'esm',
      entryFileNames: '[name].js',
      chunkFileNames: 'worker-[hash].js',
      sourcemap: false,
      minify,
    },
  },
]
