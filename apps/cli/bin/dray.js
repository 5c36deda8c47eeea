#!/usr/bin/env node
// Starts dray. Written in old JavaScript, so that an old Node reports what it lacks instead of failing on new syntax.
var running = process.versions.node.split('.').map(Number)

if (running[0] > 22 || (running[0] === 22 && running[1] >= 19)) {
  start()
} else {
  process.stderr.write(
    'dray needs Node 22.19 or newer, this is ' +
      process.version +
      ': get one from https://nodejs.org, or in a checkout of drayage use `npm run -s dray -- ...`, which brings its own\n',
  )
  process.exitCode = 1
}

function start() {
  Promise.all([import('node:module'), import('node:os'), import('node:path')])
    .then(function (modules) {
      // In the user's own directory: a cache in the shared temporary directory could be filled by another user.
      var cache = process.env.XDG_CACHE_HOME || modules[2].join(modules[1].homedir(), '.cache')
      modules[0].enableCompileCache(modules[2].join(cache, 'drayage', 'compile'))
      return import('../dist/dray.js')
    })
    .catch(function (error) {
      var missing = error && error.code === 'ERR_MODULE_NOT_FOUND' && String(error.url).endsWith('/dist/dray.js')
      process.stderr.write(
        missing
          ? 'Cannot start dray: it is not built, run `npm run setup` first\n'
          : 'Cannot start dray: ' + ((error && error.stack) || error) + '\n',
      )
      process.exitCode = 1
    })
}
