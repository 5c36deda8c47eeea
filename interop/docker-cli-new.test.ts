import path from 'node:path'

import type { HttpClient } from '@drayage/content'
import { createMemoryStorage, createRegistryHandler } from '@drayage/registry-server'
import { serve, type HttpServer } from '@drayage/registry-server/node'
import { buildImage, findPeer, randomBytes, run, tempDir, type RunResult, type TempDir } from '@drayage/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { buildCliImages, type CliImages } from './docker-cli-images.ts'
import { putImage, startDrayd } from './engine-pair.ts'
import { havePeers } from './peer.ts'

/** Whether `docker` is newer than 20.10. */
const isNew = havePeers('docker')
  ? (await run(findPeer('docker') ?? '', ['images', '--help'])).stdout.includes('--tree')
  : false

let work: TempDir
let registry: HttpServer
let drayd: Awaited<ReturnType<typeof startDrayd>>
let images: CliImages
/** Whether the registry holds back the rest of each large blob. */
let isHeld = false
let onHeld: () => void = () => {}

function holding(handler: HttpClient): HttpClient {
  return async (request) => {
    const response = await handler(request)
    const size = Number(response.headers['content-length'] ?? 0)
    if (!isHeld || request.method !== 'GET' || size < 1_000_000) return response
    async function* half(): AsyncGenerator<Uint8Array> {
      for await (const chunk of response.body) {
        yield chunk.subarray(0, chunk.byteLength / 2)
        onHeld()
        await new Promise<void>((resolve) => request.signal?.addEventListener('abort', () => resolve()))
      }
    }
    return { ...response, body: half() }
  }
}

const docker = (args: string): Promise<RunResult> =>
  run(findPeer('docker') ?? '', args.split(' '), {
    cwd: work.path,
    signal: AbortSignal.timeout(60_000),
    env: { DOCKER_HOST: `unix://${drayd.socket}`, DOCKER_CONFIG: work.path, DOCKER_CLI_HINTS: 'false' },
  })

describe.skipIf(!havePeers('docker'))('docker with drayd alone', () => {
  beforeAll(async () => {
    work = await tempDir('cli-')
    registry = await serve(holding(createRegistryHandler({ storage: createMemoryStorage() })), { graceMs: 0 })
    drayd = await startDrayd(path.join(work.path, 'drayd'))
    images = await buildCliImages()
    await putImage(registry.url, 'multi', '1', images.index)
    await putImage(registry.url, 'team/app', '1', images.one)
  })
  afterAll(async () => {
    await drayd?.stop()
    await registry?.close()
    await work?.[Symbol.asyncDispose]()
  })

  test.skipIf(!isNew)('shows what an index has, and takes the platform that is meant', async () => {
    const name = `${registry.host}/multi:1`
    expect((await docker(`pull -q ${name}`)).code).toBe(0)
    expect((await docker(`pull -q --platform linux/arm64 ${name}`)).code).toBe(0)
    const tree = (await docker('images --tree')).stdout
    expect(tree).toContain(name)
    expect(tree).toMatch(/linux\/amd64/)
    expect(tree).toMatch(/linux\/arm64/)
    for (const { platform, imageId } of images.index.images.flatMap((each) => ('platform' in each ? [each] : []))) {
      const of = `--platform linux/${platform.architecture}`
      expect((await docker(`image inspect ${of} -f {{.Id}} ${name}`)).stdout.trim()).toBe(imageId)
      // The history of the platform, at whose head is what the image is listed with.
      const [listed] = (await docker(`images -q --no-trunc ${name}`)).stdout.trim().split('\n')
      expect((await docker(`history ${of} -q --no-trunc ${name}`)).stdout.trim()).toBe(listed)
      expect((await docker(`save ${of} -o ${platform.architecture}.tar ${name}`)).code).toBe(0)
    }
    const missing = await docker(`image inspect --platform linux/s390x ${name}`)
    expect([missing.code, missing.stderr]).toEqual([
      1,
      expect.stringContaining('does not provide the specified platform'),
    ])
  })

  test('a daemon that is killed in the middle of a pull ends the command, and the next pull resumes', async () => {
    const image = await buildImage({ layers: [[{ path: 'large', content: randomBytes(9, 4_000_000) }]] })
    await putImage(registry.url, 'large', '1', image)
    const name = `${registry.host}/large:1`
    isHeld = true
    const held = new Promise<void>((resolve) => (onHeld = resolve))
    const pulling = docker(`pull ${name}`)
    await held
    drayd.kill('SIGKILL')
    await drayd.ended
    const { code, stderr } = await pulling
    expect([code, stderr.trim()]).toEqual([1, expect.stringMatching(/unexpected EOF$/)])
    isHeld = false
    drayd = await startDrayd(path.join(work.path, 'drayd'))
    expect(await docker(`pull -q ${name}`)).toMatchObject({ code: 0, stdout: `${name}\n` })
    expect((await docker(`image inspect -f {{.Id}} ${name}`)).stdout.trim()).toBe(image.imageId)
  })
})
