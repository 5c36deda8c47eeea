import path from 'node:path'
import { mkdir } from 'node:fs/promises'

import { fromBytes } from '@drayage/bytes'
import { createMemoryStorage, createRegistryHandler } from '@drayage/registry-server'
import { serve } from '@drayage/registry-server/node'

import { fillStorage } from '../fill-storage.ts'
import type { Engine } from './engine.ts'
import { runSequence, type ModelRegistry } from './run-sequence.ts'
import { buildModelImages } from './sequence-images.ts'

/** Which sequences to run, and on what. */
export interface SequencesOptions {
  readonly count: number
  readonly seed: number
  readonly steps: number
  readonly directory: string
  /** Whether images share layers and the engine is asked to push what is not whole. */
  readonly isStrict: boolean
  openEngine(directory: string): Promise<Engine>
  print(line: string): void
}

/** A sequence that went wrong. */
export interface FailedSequence {
  readonly seed: number
  readonly faults: readonly string[]
  readonly steps: readonly string[]
}

/** Runs sequences, each on an engine and a registry of its own. */
export async function runSequences(options: SequencesOptions): Promise<FailedSequence[]> {
  const { count, seed: first, isStrict, directory, print } = options
  const images = await buildModelImages({ count: 12, isSharing: isStrict })
  const failed: FailedSequence[] = []
  for (let seed = first; seed < first + count; seed++) {
    const place = path.join(directory, String(seed))
    await mkdir(place, { recursive: true })
    await using registry = await openRegistry()
    await using engine = await options.openEngine(place)
    const sequence = { engine, registry, images, seed, steps: options.steps, isStrict }
    const { faults, steps } = await runSequence(sequence)
    print(`sequence ${seed}: ${steps.length} steps, ${faults.length === 0 ? 'as the model' : faults.join('; ')}`)
    if (faults.length > 0) failed.push({ seed, faults, steps })
  }
  return failed
}

async function openRegistry(): Promise<ModelRegistry & AsyncDisposable> {
  const storage = createMemoryStorage()
  const handler = createRegistryHandler({ storage })
  const server = await serve(handler, { graceMs: 0 })
  const pathOf = (name: string): [repository: string, tag: string] => {
    const at = name.lastIndexOf(':')
    return [name.slice(server.host.length + 1, at), name.slice(at + 1)]
  }
  return {
    host: server.host,
    async publish(name, { content }) {
      const [repository, tag] = pathOf(name)
      const images = 'images' in content ? content.images : []
      for (const image of images) await fillStorage(storage, { name: repository, tags: [], image })
      await fillStorage(storage, { name: repository, tags: [tag], image: content })
    },
    async resolve(name) {
      const [repository, tag] = pathOf(name)
      const url = `http://registry.test/v2/${repository}/manifests/${tag}`
      const { headers } = await handler({ method: 'HEAD', url, headers: {}, body: fromBytes() })
      return headers['docker-content-digest']
    },
    [Symbol.asyncDispose]: () => server.close(),
  }
}
