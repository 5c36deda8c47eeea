import { copyImage } from '@drayage/runtime'
import { runOk } from '@drayage/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { debianImage } from './debian-image.ts'
import { matrixImages, type MatrixImage } from './matrix-images.ts'
import { KEEPS_NO_INDEX, KEEPS_NO_MANIFEST, KINDS, startPlaces, type Kind, type Places } from './matrix-places.ts'
import { havePeers } from './peer.ts'

const here = havePeers('dockerd', 'docker', 'docker-registry', 'skopeo', 'umoci', 'debootstrap')
const images = await matrixImages()

let places: Places
beforeAll(async () => {
  if (here) places = await startPlaces()
})
afterAll(() => places?.[Symbol.asyncDispose]())

const cells = KINDS.flatMap((from) => KINDS.map((to): [Kind, Kind] => [from, to]))

describe.skipIf(!here).each(images)('an image with $name', (image) => {
  beforeAll(() => places.fill(image))

  test.each(cells)('goes from %s to %s', async (from, to) => {
    for (const tag of image.tags) await copyCell(image, tag, from, to)
  })
})

/** Copies one tag of an image and lets another program report what arrived. */
async function copyCell({ name, root, image }: MatrixImage, tag: string, from: Kind, to: Kind): Promise<void> {
  const hasIndex = root !== image
  const all = hasIndex && !KEEPS_NO_INDEX.has(from) && !KEEPS_NO_INDEX.has(to)
  // Places that can hold several tags get them in one place.
  const isShared = to === 'oci' || to === 'registry' || to === 'store' || to === 'docker-daemon'
  const label = `${name}-from-${from}${isShared ? '' : `-${tag}`}`
  const target = places.place(to, label, tag)
  // A store that has the image keeps its manifest.
  const runtime = await places.runtime(from === 'store' ? 'filled' : label)
  const { digest } = await copyImage(runtime, places.place(from, name, tag), target, { all })
  const seen = await places.look(to, target, { runtime, all })

  const isWhole = !KEEPS_NO_MANIFEST.has(from)
  // A store keeps the index that the image was chosen from.
  const keepsIndex = to === 'store' && hasIndex && isWhole
  if (isWhole) expect(digest).toBe(all || keepsIndex ? root.manifest.digest : image.manifest.digest)
  expect(seen.manifest).toBe(KEEPS_NO_MANIFEST.has(to) ? undefined : keepsIndex ? image.manifest.digest : digest)
  if (all) return
  expect(seen.config).toBe(image.imageId)
  expect(seen.diffIds).toEqual(image.layers.map(({ diffId }) => diffId))
  if (to !== 'docker-archive') return
  await places.dockerLoad(places.file(`${label}.tar`))
  expect(await places.dockerInspect(`${label}:${tag}`)).toEqual(seen)
}

describe.skipIf(!here)('a Debian image of seven layers', () => {
  test('keeps its digests through every place that has them, and its ID through the others', async () => {
    const { layout, tag } = await debianImage()
    const runtime = await places.runtime('debian')
    const target = (kind: Kind): string => places.place(kind, `debian-${kind}`, tag)
    const whole: readonly Kind[] = ['registry', 'oci-archive', 'dir', 'store', 'oci']
    let at = `oci:${layout}:${tag}`
    const first = await places.look('oci', at, { runtime, all: false })
    expect(first.diffIds).toHaveLength(7)
    for (const kind of whole) {
      await copyImage(runtime, at, target(kind))
      at = target(kind)
      expect([kind, await places.look(kind, at, { runtime, all: false })]).toEqual([kind, first])
    }
    await runOk('umoci', ['stat', '--image', at.slice('oci:'.length)])
    const forced: readonly Kind[] = ['docker-archive', 'docker-daemon']
    for (const kind of forced) {
      await copyImage(runtime, at, target(kind))
      at = target(kind)
      expect([kind, await places.look(kind, at, { runtime, all: false })]).toEqual([
        kind,
        { ...first, manifest: undefined },
      ])
    }
    await copyImage(runtime, at, `oci:${places.file('debian-back')}:${tag}`)
    const back = await places.look('oci', `oci:${places.file('debian-back')}:${tag}`, { runtime, all: false })
    expect(back).toEqual({ ...first, manifest: expect.any(String) })
  })
})
