/**
 * A process that uses a store, for the tests: `child.ts <directory> <mode> <size> <stop>`. It copies the content of
 * `size` bytes of 7 in parts and prints what it does, a word to a line.
 */
import type { ByteStream } from '@drayage/bytes'
import type { Fetcher } from '@drayage/content'
import { digestOf } from '@drayage/digest'

import { openFsStore } from '../fs-store.ts'
import { copy } from './copy.ts'

const [, , directory = '', mode = '', size = '0', stop = ''] = process.argv
const bytes = new Uint8Array(Number(size)).fill(7)
const what = { mediaType: 'application/octet-stream', digest: digestOf(bytes), size: bytes.byteLength }
const say = (word: string): void => void process.stdout.write(`${word}\n`)

const die = (): boolean => process.kill(process.pid, 'SIGKILL')
const store = openFsStore({ directory }, { onStep: (step) => void (step === stop && die()) })

const source: Fetcher = {
  async *fetch(_, options = {}): ByteStream {
    say(`fetch-from-${options.offset ?? 0}`)
    for (let at = options.offset ?? 0; at < bytes.byteLength; at += 65_536) {
      if (stop === 'silent' && at > bytes.byteLength / 2) await new Promise<never>(() => setInterval(() => {}, 1_000))
      if (mode === 'slow') await new Promise((resolve) => setTimeout(resolve, 10))
      yield bytes.subarray(at, at + 65_536)
    }
  },
}

if (mode === 'hold') {
  await store.begin(what.digest)
  say('held')
  setInterval(() => {}, 1_000)
} else if (mode === 'many') {
  for (let length = 1; length <= Number(size); length++) {
    const part = bytes.subarray(0, length)
    const small = { ...what, digest: digestOf(part), size: length }
    const once: Fetcher = {
      async *fetch(): ByteStream {
        say(`fetch-${length}`)
        yield part
      },
    }
    await copy(once, store, small)
  }
} else {
  say(await copy(source, store, what))
}
