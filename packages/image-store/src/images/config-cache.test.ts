import { decodeImageConfig, type DecodedImageConfig, type Descriptor } from '@drayage/manifest'
import { digestOf } from '@drayage/digest'
import { expect, test } from 'vitest'

import { LARGE_CONFIG_BYTES, MOST_CONFIGS, rememberConfigs } from './config-cache.ts'

const mediaType = 'application/vnd.oci.image.config.v1+json'

function configOf(author: string): { readonly what: Descriptor; readonly decoded: DecodedImageConfig } {
  const bytes = Buffer.from(JSON.stringify({ author, os: 'linux', architecture: 'amd64' }))
  const what = { mediaType, digest: digestOf(bytes), size: bytes.byteLength }
  return { what, decoded: decodeImageConfig(bytes, what) }
}

test('rememberConfigs() reads a config once, and again when many others were used since', async () => {
  const configs = Array.from({ length: MOST_CONFIGS + 1 }, (_, at) => configOf(`author ${at}`))
  const asked: string[] = []
  const read = rememberConfigs(async (what) => {
    asked.push(what.digest)
    const found = configs.find((each) => each.what.digest === what.digest)
    if (found === undefined) throw new Error('no such config')
    return found.decoded
  })
  const [first, second] = configs
  if (first === undefined || second === undefined) throw new Error('no configs')
  expect(await read(first.what, {})).toBe(await read(first.what, {}))
  expect(asked).toEqual([first.what.digest])
  for (const { what } of configs) await read(what, {})
  await read(second.what, {})
  expect(asked).toHaveLength(configs.length)
  await read(first.what, {})
  expect(asked).toHaveLength(configs.length + 1)
})

test('rememberConfigs() remembers neither failures nor large configs, and heeds its signal', async () => {
  const { what, decoded } = configOf('x'.repeat(LARGE_CONFIG_BYTES))
  let reads = 0
  const read = rememberConfigs(async () => {
    if (++reads === 1) throw new Error('damaged')
    return decoded
  })
  const small = configOf('small').what
  await expect(read(small, {})).rejects.toThrow('damaged')
  await read(small, {})
  await read(small, {})
  expect(reads).toBe(2)
  await read(what, {})
  await read(what, {})
  expect(reads).toBe(4)
  const reason = new Error('enough')
  await expect(read(small, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
})
