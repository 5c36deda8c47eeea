import { openDirImage, openDirSink } from '@drayage/archive'
import type { Transport } from '@drayage/distribution'
import path from 'node:path'

import { NOTHING_OPEN, nonEmpty } from './place-names.ts'

/** Directories of one image: `dir:DIR`. */
export function dirTransport(): Transport {
  return {
    prefix: 'dir',
    syntax: 'dir:DIR',
    parse(rest) {
      const text = `dir:${rest}`
      const directory = nonEmpty(rest, text)
      return {
        text,
        key: `dir:${path.resolve(directory)}`,
        async openSource(options) {
          const image = await openDirImage({ directory, ...options })
          const content = { ...image, resolve: async () => image.root }
          return { ...NOTHING_OPEN, content, from: image.root, label: text, names: [] }
        },
        target: {
          kind: 'a directory of one image',
          holds: { index: true, referrers: false, manifests: true, several: false },
          look: async () => ({ text, key: text, sink: { has: async () => false } }),
          async open({ signal }) {
            const directorySink = await openDirSink({ directory, signal })
            const sink = { ...directorySink, putRoot: directorySink.put }
            return { ...NOTHING_OPEN, place: async () => ({ sink, names: [] }) }
          },
        },
      }
    },
  }
}
