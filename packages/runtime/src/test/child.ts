/** A process that uses a store: `pull HOST ROUNDS`, `platform NAME PLATFORM`, `keep DIGEST`, `scratch`, `remove HOST MARK` or `abort NAME`, after the directory. */
import { once } from 'node:events'
import { existsSync } from 'node:fs'

import { parseDigest } from '@drayage/digest'
import { isImageStoreError } from '@drayage/image-store'
import { parsePlatform } from '@drayage/manifest'

// The build, whose syntax the oldest supported Node reads.
import { createRuntime, pullImage, removeImage, type Runtime } from '@drayage/runtime'

import { testRuntimeOptions } from './test-runtime-options.ts'

const [directory = '', mode = '', ...rest] = process.argv.slice(2)
process.on('unhandledRejection', (error) => {
  process.stdout.write(`unhandled: ${String(error)}\n`)
  process.exitCode = 70
})

if (mode === 'open') process.umask(0)
const runtime = await createRuntime(testRuntimeOptions(directory))
if (mode === 'pull') await pullAndAgain(runtime, rest[0] ?? '', Number(rest[1]))
if (mode === 'platform') await pullImage(runtime, rest[0] ?? '', { platforms: [parsePlatform(rest[1] ?? '')] })
if (mode === 'remove') await removeAndAgain(runtime, rest[0] ?? '', rest[1] ?? '')
if (mode === 'abort') await abortPull(runtime, rest[0] ?? '')
if (mode === 'open') await runtime.openStore()
if (mode === 'scratch') await scratchForEver(runtime)
if (mode === 'keep') await keepForEver(runtime, rest[0] ?? '')
await runtime[Symbol.asyncDispose]()

async function pullAndAgain(runtime: Runtime, host: string, rounds: number): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    await Promise.all([
      pullImage(runtime, `${host}/app:${round % 3}`),
      pullImage(runtime, `${host}/app:${(round + 1) % 3}`),
    ])
  }
}

/** Removes images until the file `mark` appears; not for ever, in case its writer is gone. */
async function removeAndAgain(runtime: Runtime, host: string, mark: string): Promise<void> {
  let removed = 0
  for (let round = 0; round < 20_000 && !existsSync(mark); round++) {
    try {
      await removeImage(runtime, `${host}/app:${round % 3}`)
      removed++
    } catch (error) {
      if (!isImageStoreError(error) || error.code !== 'ERR_IMAGE_NOT_FOUND') throw error
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }
  process.stdout.write(`removed ${removed > 0 ? 'some' : 'none'}\n`)
}

/** Opens room for a conversion, says so, and goes on for as long as the process lives. */
async function scratchForEver(runtime: Runtime): Promise<void> {
  await runtime.store.openScratch()
  process.stdout.write('opened\n')
  await new Promise<never>(() => setInterval(() => {}, 1_000))
}

/** Keeps content, says so, and goes on for as long as the process lives. */
async function keepForEver(runtime: Runtime, digest: string): Promise<void> {
  const { leases } = await runtime.openStore()
  await leases.keep('child', [parseDigest(digest)])
  process.stdout.write('kept\n')
  await new Promise<never>(() => setInterval(() => {}, 1_000))
}

/** Aborts a pull at the first bytes of a layer, and disposes the runtime at once. */
async function abortPull(runtime: Runtime, name: string): Promise<void> {
  const stop = new AbortController()
  const begun = new EventTarget()
  const downloading = once(begun, 'downloading')
  const pulling = pullImage(runtime, name, {
    signal: stop.signal,
    onEvent: (event) => {
      if (event.type === 'layer' && event.layer.state === 'downloading' && event.layer.current > 0) {
        begun.dispatchEvent(new Event('downloading'))
      }
    },
  }).catch((error: unknown) => process.stdout.write(`pull: ${String(error)}\n`))
  await downloading
  stop.abort(new Error('stopped'))
  await runtime[Symbol.asyncDispose]()
  await pulling
}
