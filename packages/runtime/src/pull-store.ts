import { randomUUID } from 'node:crypto'

import type { PullStore } from '@drayage/distribution'
import { LayerUnmeasuredError, type LayerMeasurement } from '@drayage/layer-store'
import { platformOf } from '@drayage/manifest'

import type { LocalStore } from './local-store.ts'

/** The local store as a pull uses it, for the time of one pull. Disposing it ends what it keeps. */
export interface PullSink extends PullStore<LayerMeasurement>, AsyncDisposable {}

/** Opens the local store for one pull. */
export function openPullSink(store: LocalStore): PullSink {
  const { content, layers, images, leases } = store
  const holder = `pull-${randomUUID()}`
  return {
    content: {
      fetch: content.fetch,
      has: content.has,
      begin: content.begin,
      keep: (what, options) =>
        leases.keep(
          holder,
          what.map(({ digest }) => digest),
          options,
        ),
    },
    layers: {
      find: (blob, options) => layers.find(blob.digest, options),
      measure: (source, options) => layers.measure(source, options),
      async register(layer, measurement, { diffId, parent, image }, options = {}) {
        const place = { diffId, parent, holder: image, ...options }
        try {
          return (await layers.register(layer, measurement, place)).chainId
        } catch (error) {
          if (!(error instanceof LayerUnmeasuredError)) throw error
        }
        // Another process released the layer after this one found it known; its blob is still here.
        const measured = await layers.measure(content.fetch(layer, options), options)
        return (await layers.register(layer, measured, place)).chainId
      },
    },
    images: {
      imageOf: (name, options) => images.imageOf(name, options),
      nameImage: (name, target, image, options) => images.nameImage(name, target, image, options),
      async findImage(manifest, options) {
        const id = await images.findImage(manifest, options)
        const record = id === undefined ? undefined : await images.get(id, options)
        if (record === undefined) return undefined
        const parts = [record.manifest, record.config, ...record.layers]
        const present = await Promise.all(parts.map((part) => content.has(part, options)))
        return present.every(Boolean) ? id : undefined
      },
      async putImage({ id, manifest, config, layers: blobs, repository, index }, options) {
        const { created } = config.value
        const parts = [manifest, config.descriptor, ...blobs, ...(index === undefined ? [] : [index])]
        for (const { digest } of parts) await images.recordSource(digest, repository, options)
        await images.put(
          {
            id,
            manifest,
            config: config.descriptor,
            layers: blobs,
            platform: platformOf(config.value) ?? { os: 'linux', architecture: 'unknown' },
            size: blobs.reduce((sum, { size }) => sum + size, 0),
            ...(created === undefined ? {} : { created }),
          },
          options,
        )
      },
    },
    [Symbol.asyncDispose]: () => leases.release(holder),
  }
}
