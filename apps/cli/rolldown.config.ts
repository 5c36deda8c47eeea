import { defineConfig, type Plugin } from 'rolldown'

/** The parts of undici that are used: its entry runs all of it at each start, with fetch, WebSockets, caches and mocks. */
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

// One folder of plain files: the command, the parts that it loads when they are needed, and the worker threads, which are
// found beside it under these names.
export default defineConfig({
  input: {
    dray: './src/dray.ts',
    'compress-worker': '../../packages/compression/dist/compress-worker.js',
    'inflate-worker': '../../packages/compression/dist/inflate-worker.js',
    'measure-worker': '../../packages/layer-store/dist/measure-worker.js',
  },
  platform: 'node',
  external: [/^node:/],
  plugins: [undiciParts],
  output: {
    dir: 'dist',
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: '[name]-[hash].js',
    cleanDir: true,
    sourcemap: false,
    minify: { compress: true, mangle: false, codegen: { removeWhitespace: true } },
  },
})
