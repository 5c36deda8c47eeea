import { setImmediate } from 'node:timers/promises'

import { buildImage, tempDir } from '@drayage/testkit'
import { describe, expect, test } from 'vitest'

import { listImages } from './list-images.ts'
import { pullImage } from './pull-image.ts'
import { removeImage } from './remove-image.ts'
import { tagImage } from './tag-image.ts'
import { openTestRuntime } from '../test/open-test-runtime.ts'
import { startRegistry } from '../test/test-registry.ts'
import { STORE_KINDS } from '../test/test-store.ts'

describe.each(STORE_KINDS)('over a %s store', (kind) => {
  test('listImages() is sorted by age and filters as Docker does', async () => {
    await using directory = await tempDir()
    await using registry = await startRegistry()
    await using runtime = await openTestRuntime(directory.path, { kind })
    for (const [tag, Labels] of [
      ['2001', { a: '1', b: '2' }],
      ['2003', { a: '1' }],
      ['2002', {}],
    ] as const) {
      const config = { created: `${tag}-01-01T00:00:00Z`, config: { Labels } }
      const name = await registry.push('app', tag, await buildImage({ config }))
      await pullImage(runtime, name)
      await tagImage(runtime, name, `y:${tag}`)
      await removeImage(runtime, name)
    }
    const found = async (...filters: string[]): Promise<string[]> =>
      (await listImages(runtime, { filters })).map(({ RepoTags }) => RepoTags.join())
    expect(await found()).toEqual(['y:2003', 'y:2002', 'y:2001'])
    expect(await found('label=a')).toEqual(['y:2003', 'y:2001'])
    expect(await found('label=a', 'label=b=2')).toEqual(['y:2001'])
    expect(await found('label=a=2')).toEqual([])
    expect(await found('before=y:2003', 'since=y:2001')).toEqual(['y:2002'])
    expect(await found('dangling=true')).toEqual([])
    expect(await found('dangling=false')).toHaveLength(3)
    await tagImage(runtime, 'y:2001', 'z:1')
    expect(await found('reference=z', 'reference=*:2002')).toEqual(['y:2002', 'z:1'])
    for (const filter of ['colour=red', 'reference', '=x', 'dangling=perhaps']) {
      await expect(found(filter)).rejects.toMatchObject({ code: 'ERR_FILTER' })
    }
    await expect(found('since=none')).rejects.toMatchObject({ code: 'ERR_IMAGE_NOT_FOUND' })
  })

  test('listImages() lists while others pull and remove', async () => {
    await using directory = await tempDir()
    await using registry = await startRegistry()
    await using runtime = await openTestRuntime(directory.path, { kind })
    const names = await Promise.all(
      [1, 2, 3].map(async (at) => registry.push('app', `${at}`, await buildImage({ config: { author: `${at}` } }))),
    )
    let isOver = false
    const change = async (name: string): Promise<void> => {
      for (let left = 5; left > 0; left--) {
        await pullImage(runtime, name)
        await removeImage(runtime, name)
      }
    }
    const list = async (): Promise<void> => {
      // The list of an empty store waits for nothing.
      for (; !isOver; await setImmediate()) await listImages(runtime, { sharedSize: true })
    }
    const changing = Promise.all(names.map(change)).finally(() => (isOver = true))
    const ends = await Promise.allSettled([changing, list()])
    expect(ends.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled'])
    expect(await listImages(runtime)).toEqual([])
  })
})
