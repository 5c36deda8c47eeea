import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'

import { openDockerArchive, openOciLayout } from '@drayage/archive'
import { buildImage, tempDir, type TempDir, type TestImage } from '@drayage/testkit'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { copyImage, copyImages } from '../copy/copy-images.ts'
import type { Runtime } from '../runtime.ts'
import { openTestRuntime } from '../test/open-test-runtime.ts'
import { startRegistry, type TestRegistry } from '../test/test-registry.ts'
import { isEntryName, isImageName, splitPath } from './split-path.ts'
import { parseSource, parseTarget } from './transports.ts'

const HEX = '0123456789abcdef'.repeat(4)

let directory: TempDir
beforeEach(async () => {
  directory = await tempDir()
})
afterEach(() => directory[Symbol.asyncDispose]())

const inside = (file: string): string => path.join(directory.path, file)
const split = (file: string, isName = isImageName): readonly (string | undefined)[] => {
  const [found, name] = splitPath(inside(file), `docker-archive:${inside(file)}`, isName)
  return [path.relative(directory.path, found), name]
}
const refusal = (file: string, isName = isImageName): unknown => {
  try {
    return split(file, isName)
  } catch (error) {
    return error
  }
}
const TWO_WAYS = {
  code: 'ERR_TRANSPORT',
  message: expect.stringContaining('it can be read in two ways') as string,
  hint: expect.stringContaining('name the file alone') as string,
}

describe('a path with colons', () => {
  test('is a path where it exists as a whole, whatever its parts could mean', async () => {
    await mkdir(inside('a:b'))
    await writeFile(inside('a:b/out.tar'), 'x')
    await writeFile(inside('x.tar:app:1'), 'x')
    await writeFile(inside('x.tar'), 'x')
    expect(split('a:b/out.tar')).toEqual(['a:b/out.tar', undefined])
    expect(split('x.tar:app:1')).toEqual(['x.tar:app:1', undefined])
    expect(split('a:b', isEntryName)).toEqual(['a:b', undefined])
  })

  test('is refused where its directory exists, and could be a file with an image as well', async () => {
    await mkdir(inside('a:b'))
    expect(refusal('a:b/out.tar')).toMatchObject(TWO_WAYS)
    expect(refusal('a:b/layout', isEntryName)).toMatchObject(TWO_WAYS)
    expect(split('a:b/out.tar:app:1')).toEqual(['a:b/out.tar', 'app:1'])
  })

  test('is refused where the name of its image is like the rest of a path', () => {
    for (const file of ['a:b/out.tar', 'a:b/c/out.tgz', 'x:y/out.tar.gz']) {
      expect(refusal(file)).toMatchObject(TWO_WAYS)
      expect(refusal(file, isEntryName)).toMatchObject(TWO_WAYS)
    }
  })

  test('is refused where two of its beginnings exist', async () => {
    await writeFile(inside('a'), 'x')
    await writeFile(inside('a:b'), 'x')
    expect(refusal('a:b:c')).toMatchObject(TWO_WAYS)
    expect(split('a:c')).toEqual(['a', 'c'])
  })

  test.each([
    ['x.tar', undefined],
    ['x.tar', 'app'],
    ['x.tar', 'app:1'],
    ['x.tar', 'ghcr.io/org/app:1'],
    ['x.tar', 'registry.example:5000/org/app'],
    ['x.tar', '@1'],
    ['x.tar', HEX],
    ['x.tar', `sha256:${HEX}`],
    ['x.tar', `app@sha256:${HEX}`],
  ])('is %s and the image %s', (file, name) => {
    expect(split(name === undefined ? file : `${file}:${name}`)).toEqual([file, name])
  })
})

describe('an image among several', () => {
  let runtime: Runtime
  let registry: TestRegistry
  let images: readonly TestImage[]

  beforeEach(async () => {
    runtime = await openTestRuntime(directory.path)
    registry = await startRegistry()
    images = [await buildImage({ config: { author: 'a' } }), await buildImage({ config: { author: 'b' } })]
    const names = []
    for (const [at, image] of images.entries()) names.push(await registry.push('app', String(at), image))
    for (const kind of ['docker-archive', 'oci-archive', 'oci', 'docker-oci-archive']) {
      await copyImages(runtime, names, `${kind}:${inside(kind)}`)
    }
  })
  afterEach(async () => {
    await runtime[Symbol.asyncDispose]()
    await registry[Symbol.asyncDispose]()
  })

  test.each(['docker-archive', 'oci-archive', 'oci', 'docker-oci-archive'])(
    'of %s is chosen by its position and by its ID or digest',
    async (kind) => {
      const [, second] = images
      const id = kind === 'docker-archive' ? second?.imageId : second?.manifest.digest
      for (const choice of ['@1', String(id), String(id).slice(7)]) {
        const target = inside(`${kind}-${choice.slice(0, 12)}`)
        await copyImage(runtime, `${kind}:${inside(kind)}:${choice}`, `docker-archive:${target}:chosen:1`)
        await using found = await openDockerArchive(target)
        const [entry] = found.images
        expect(entry?.repoTags).toEqual(['chosen:1'])
        expect((await found.read(entry ?? { position: 0, repoTags: [] })).imageId).toBe(second?.imageId)
      }
      await expect(copyImage(runtime, `${kind}:${inside(kind)}:@2`, `oci:${inside('o')}`)).rejects.toMatchObject({
        code: 'ERR_ARCHIVE_SELECTION',
      })
      await expect(copyImage(runtime, `${kind}:${inside(kind)}`, `oci:${inside('o')}`)).rejects.toMatchObject({
        code: 'ERR_ARCHIVE_SELECTION',
      })
    },
  )

  test('keeps the names that it has there when it is chosen by its position', async () => {
    await copyImage(runtime, `docker-archive:${inside('docker-archive')}:@1`, `oci:${inside('out')}`)
    const layout = await openOciLayout({ directory: inside('out') })
    expect((await layout.entries()).map(({ annotations }) => annotations)).toEqual([
      { 'org.opencontainers.image.ref.name': '1' },
    ])
  })

  test.each(['docker-archive', 'oci-archive', 'oci', 'docker-oci-archive'])(
    'of %s is nothing that can be written',
    async (kind) => {
      for (const choice of ['@0', `sha256:${HEX}`]) {
        expect(parseTarget(runtime, `${kind}:${inside('new')}:${choice}`).target).toBeUndefined()
        expect(parseSource(runtime, `${kind}:${inside('new')}:${choice}`).openSource).toBeDefined()
      }
    },
  )
})
