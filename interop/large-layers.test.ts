import { Buffer } from 'node:buffer'
import { readFile } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { createGzip, createZstdCompress } from 'node:zlib'

import { collect, observe } from '@drayage/bytes'
import { createHasher, digestOf, parseDiffId } from '@drayage/digest'
import {
  buildImage,
  layerFromTar,
  layerMediaType,
  randomBytes,
  runOk,
  startDockerRegistry,
  type TestLayer,
} from '@drayage/testkit'
import { encodeTarHeader, TAR_END } from '@drayage/tar'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { drayOk } from './dray.ts'
import { startDrayd, type Drayd } from './drayd.ts'
import { peakOf } from './peak-memory.ts'
import { havePeers } from './peer.ts'
import { useRegistry } from './registry-fixture.ts'
import { tarOfEntries } from './tar-of-entries.ts'

const here = havePeers('docker-registry', 'skopeo', 'docker')

const MIB = 2 ** 20
const FEW = 30_000
const MANY = 300_000
/** What may wait for the garbage collector in a longer run. */
const MOST_GROWTH = 45e6

describe.skipIf(!here)('a layer with 300,000 files', () => {
  const fixture = useRegistry()
  const name = (count: number): string => `${fixture.registry.host}/entries-${count}:latest`
  let daemon: Drayd

  beforeAll(async () => {
    for (const count of [FEW, MANY]) {
      const tar = await collect(tarOfEntries(count), { maxBytes: 2 ** 30 })
      await fixture.push(`entries-${count}`, await buildImage({ layers: [layerFromTar(tar)] }))
    }
    await runOk('mkdir', ['-p', fixture.path('daemon')])
    daemon = await startDrayd(fixture.path('daemon'))
  })
  afterAll(async () => await daemon.stop())

  test('takes no more memory to pull than one with 30,000', async () => {
    const peaks: number[] = []
    for (const count of [FEW, MANY]) {
      peaks.push(await peakOf(['--store', fixture.path(`store-${count}`), 'pull', '-q', name(count)]))
    }
    const [few = 0, many = 0] = peaks
    process.stderr.write(`pull, ${FEW} entries: ${few / 1e6} MB, ${MANY} entries: ${many / 1e6} MB\n`)
    expect(many).toBeLessThanOrEqual(few + MOST_GROWTH)
  })

  test('leaves the memory of drayd as it is, however often it is pulled', async () => {
    const after: number[] = []
    for (let round = 0; round < 12; round += 1) {
      expect(await daemon.docker(['pull', '-q', name(MANY)])).toMatchObject({ code: 0 })
      expect(await daemon.docker(['rmi', '-f', name(MANY)])).toMatchObject({ code: 0 })
      after.push(await residentBytes(daemon.pid))
    }
    process.stderr.write(`drayd after each pull: ${after.map((bytes) => Math.round(bytes / 1e6)).join(', ')} MB\n`)
    expect(Math.max(...after)).toBeLessThanOrEqual(1.15 * Math.max(...after.slice(0, 5)))
  })
})

describe.skipIf(!here)('a layer of 1.25 GiB of zeros before random bytes', () => {
  const fixture = useRegistry()
  const name = (compression: string): string => `${fixture.registry.host}/zeros-${compression}:latest`

  beforeAll(async () => {
    for (const compression of ['gzip', 'zstd'] as const) {
      const image = await buildImage({ layers: [await layerOfZeros(compression)] })
      await fixture.push(`zeros-${compression}`, image)
    }
  })

  test.each(['gzip', 'zstd'])('is pulled, saved and loaded as %s', async (compression) => {
    const store = fixture.path(`store-${compression}`)
    const peak = await peakOf(['--store', store, 'pull', '-q', name(compression)])
    expect(peak).toBeLessThanOrEqual(250e6)
    const archive = fixture.path('zeros.tar')
    await drayOk(store, 'save', '-o', archive, name(compression))
    await runOk(compression, ['-q', ...(compression === 'zstd' ? ['--rm'] : []), archive])
    const packed = `${archive}.${compression === 'zstd' ? 'zst' : 'gz'}`
    const loaded = fixture.path(`loaded-${compression}`)
    await drayOk(loaded, 'load', '-q', '-i', packed)
    expect(await drayOk(loaded, 'images', '-q')).toBe(await drayOk(store, 'images', '-q'))
    await runOk('rm', ['-rf', loaded, store, packed])
  })

  test('is copied to zstd by dray, and pulled from there', async () => {
    await using target = await startDockerRegistry({ directory: fixture.path('target') })
    const copied = `${target.host}/zeros:zstd`
    const store = fixture.path('store')
    await drayOk(store, 'copy', '-q', '--compression', 'zstd', name('gzip'), `docker://${copied}`)
    await drayOk(store, 'pull', '-q', copied)
    await drayOk(store, 'copy', '-q', `store:${copied}`, `oci:${fixture.path('layout')}`)
    await drayOk(store, 'copy', '-q', `oci:${fixture.path('layout')}`, `docker-archive:${fixture.path('a.tar')}`)
  })
})

async function residentBytes(pid: number | undefined): Promise<number> {
  return Number(/VmRSS:\s+(\d+) kB/.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024
}

/** The layer compressed with the usual level, without its tar in memory. */
async function layerOfZeros(compression: 'gzip' | 'zstd'): Promise<TestLayer> {
  const random = randomBytes(1, 32 * MIB)
  async function* tar(): AsyncGenerator<Uint8Array, void, void> {
    yield encodeTarHeader({ name: 'disk.img', size: 1280 * MIB })
    for (let part = 0; part < 1280; part += 1) yield Buffer.alloc(MIB)
    yield encodeTarHeader({ name: 'random', size: random.byteLength })
    yield random
    yield TAR_END
  }
  const hasher = createHasher()
  const engine = compression === 'gzip' ? createGzip({ level: 6 }) : createZstdCompress()
  const watched = observe(tar(), (_, chunk) => hasher.update(chunk))
  const bytes = await collect(Readable.from(watched).pipe(engine), { maxBytes: 64 * MIB })
  const descriptor = { mediaType: layerMediaType('oci', compression), digest: digestOf(bytes), size: bytes.byteLength }
  return { descriptor, bytes, compression, diffId: parseDiffId(hasher.digest()), tar: new Uint8Array(0) }
}
