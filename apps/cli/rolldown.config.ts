import { defineConfig } from 'rolldown'

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
