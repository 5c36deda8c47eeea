// The dray command as a user runs it, against a registry on loopback.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { writeBlob } from '@drayage/content'
import { basicAuth, createMemoryStorage, createRegistryHandler, type RegistryStorage } from '@drayage/registry-server'
import { serve, type HttpServer } from '@drayage/registry-server/node'
import {
  buildImage,
  buildIndex,
  buildLayer,
  randomBytes,
  tempDir,
  type RunResult,
  type TempDir,
  type TestImage,
} from '@drayage/testkit'

import { drayIn, program } from './dray-process.ts'

const storage = createMemoryStorage()
let server: HttpServer
let locked: HttpServer
let slow: HttpServer
let untagging: HttpServer
let scratch: TempDir
let image: TestImage
let other: TestImage
let damaged: TestImage
let signature: TestImage

async function fill(
  into: RegistryStorage,
  name: string,
  tag: string,
  built: Pick<TestImage, 'manifest' | 'blobs'>,
): Promise<void> {
  for (const [digest, bytes] of built.blobs) {
    const what = { mediaType: 'application/octet-stream', digest, size: bytes.length }
    await writeBlob(into.content, what, bytes)
    const mediaType = manifestTypeOf(bytes)
    if (mediaType === undefined) await into.blobs.link(name, what)
    else await into.manifests.link(name, { ...what, mediaType })
  }
  await into.tags.set(name, tag, built.manifest.digest)
}

function manifestTypeOf(bytes: Uint8Array): string | undefined {
  if (bytes[0] !== '{'.charCodeAt(0)) return undefined
  const value: unknown = JSON.parse(new TextDecoder().decode(bytes))
  const isManifest = typeof value === 'object' && value !== null && 'schemaVersion' in value && 'mediaType' in value
  return isManifest ? String(value.mediaType) : undefined
}

beforeAll(async () => {
  scratch = await tempDir()
  const layer = await buildLayer([{ path: 'data', content: randomBytes('layer', 200_000) }])
  image = await buildImage({
    layers: [layer, [{ path: 'b', content: 'b' }]],
    config: { config: { Labels: { evil: '\u001B[2J' } } },
  })
  other = await buildImage({ layers: [[{ path: 'other' }]], platform: { os: 'linux', architecture: 'arm64' } })
  damaged = await buildImage({ layers: [[{ path: 'damaged', content: randomBytes('damaged', 50_000) }]] })
  await fill(storage, 'a/image', '1', image)
  await fill(storage, 'a/image', '2', image)
  await fill(storage, 'a/index', '1', buildIndex([image, other]))
  await fill(storage, 'a/damaged', '1', damaged)
  const subject = image.manifest
  signature = await buildImage({
    layers: [[{ path: 'sig' }]],
    manifest: { subject, artifactType: 'application/x-sig' },
  })
  await fill(storage, 'a/signed', '1', image)
  await fill(storage, 'a/signed', 'sig', signature)
  await fill(storage, 'a/gone', '1', image)
  await fill(storage, 'a/gone', '2', image)
  await fill(storage, 'a/gone', '3', other)
  const handler = createRegistryHandler({ storage })
  const bad = damaged.layers[0]?.descriptor.digest ?? ''
  server = await serve(async (request) => {
    const response = await handler(request)
    if (!request.url.endsWith(bad) || request.method !== 'GET') return response
    const bytes = Buffer.from(damaged.layers[0]?.bytes ?? [])
    bytes[100] = (bytes[100] ?? 0) ^ 1
    return {
      ...response,
      body: (async function* () {
        yield bytes
      })(),
    }
  })
  locked = await serve(basicAuth({ users: new Map([['u', 'p']]) })(handler))
  untagging = await serve(async (request) => {
    const isTag = request.method === 'DELETE' && !request.url.includes('/sha256:')
    return isTag ? { status: 405, headers: {}, body: (async function* () {})() } : await handler(request)
  })
  slow = await serve(async (request) => {
    const response = await handler(request)
    if (request.method !== 'GET' || !request.url.includes('/blobs/') || !request.url.endsWith(layer.descriptor.digest))
      return response
    return {
      ...response,
      body: (async function* () {
        yield layer.bytes.subarray(0, 50_000)
        await sleep(400)
        yield layer.bytes.subarray(50_000, 100_000)
        await new Promise((_, reject) => request.signal?.addEventListener('abort', () => reject(new Error('left'))))
      })(),
    }
  })
})

afterAll(async () => {
  await Promise.all([server.close(), locked.close(), slow.close(), untagging.close()])
  await scratch[Symbol.asyncDispose]()
})

const dray = (...args: string[]): Promise<RunResult> => drayIn(scratch.path, ...args)

const at = (name: string, host = server.host): string => `${host}/a/${name}`

test('dray pull prints what docker prints, and on a second run that the image is up to date', async () => {
  const first = await dray('pull', at('image:1'))
  expect(first).toMatchObject({ code: 0, stderr: '' })
  const lines = first.stdout.trimEnd().split('\n')
  expect(lines[0]).toBe('1: Pulling from a/image')
  const status = /^[0-9a-f]{12}: (Pulling fs layer|Waiting|Verifying Checksum|Download complete|Pull complete)$/
  for (const line of lines.slice(1, -3)) expect(line).toMatch(status)
  expect(lines.slice(-3)).toEqual([
    `Digest: ${image.manifest.digest}`,
    `Status: Downloaded newer image for ${at('image:1')}`,
    at('image:1'),
  ])
  const second = await dray('pull', at('image:1'))
  expect(second.stdout).toBe(
    `1: Pulling from a/image\nDigest: ${image.manifest.digest}\nStatus: Image is up to date for ${at('image:1')}\n${at('image:1')}\n`,
  )
  expect((await dray('pull', '-q', '-a', at('image'))).stdout).toBe(`${at('image:1')}\n${at('image:2')}\n`)
})

test('dray pull --progress json prints only JSON, the result in the last line', async () => {
  const { stdout } = await dray('pull', '--progress', 'json', '--platform', 'arm64', at('index:1'))
  const lines: unknown[] = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(lines.at(-1)).toMatchObject({ aux: { Reference: at('index:1'), ImageID: other.imageId } })
})

test('dray pull and load bring several platforms, one after another or at once', async () => {
  const store = ['--store', path.join(scratch.path, 'platforms')]
  const platforms = async (name: string): Promise<string[]> => {
    const found = ['linux/amd64', 'linux/arm64'].map(async (platform) => {
      const { code, stdout } = await dray(...store, 'inspect', '--platform', platform, '-f', '{{.Architecture}}', name)
      return code === 0 ? [stdout.trim()] : []
    })
    return (await Promise.all(found)).flat()
  }
  await dray(...store, 'pull', '-q', '--platform', 'linux/arm64', at('index:1'))
  expect(await platforms(at('index:1'))).toEqual(['arm64'])
  await dray(...store, 'pull', '-q', '--platform', 'linux/amd64', at('index:1'))
  expect(await platforms(at('index:1'))).toEqual(['amd64', 'arm64'])
  const archive = path.join(scratch.path, 'platforms.tar')
  await dray(...store, 'save', '-o', archive, at('index:1'))
  await dray(...store, 'rmi', at('index:1'))
  for (const args of [
    ['pull', '-q', '--platform', 'linux/arm64,linux/amd64'],
    ['pull', '-q', '--platform', 'linux/arm64', '--platform', 'linux/amd64'],
    ['pull', '-q', '--all-platforms'],
  ]) {
    expect((await dray(...store, ...args, at('index:1'))).stdout).toBe(`${at('index:1')}\n`)
    expect(await platforms(at('index:1'))).toEqual(['amd64', 'arm64'])
    await dray(...store, 'rmi', at('index:1'))
  }
  const loading = await dray(...store, 'load', '-q', '-i', archive, '--platform', 'linux/arm64')
  expect(loading.stdout).toBe(`Loaded image: ${at('index:1')}\n`)
  expect(await platforms(at('index:1'))).toEqual(['arm64'])
  await dray(...store, 'load', '-q', '-i', archive)
  expect(await platforms(at('index:1'))).toEqual(['amd64', 'arm64'])
  const missing = await dray(...store, 'load', '-q', '-i', archive, '--platform', 'linux/amd64,linux/s390x')
  expect([missing.code, missing.stdout]).toEqual([3, ''])
})

test('dray push and save keep the index of a name, or say what it would lack', async () => {
  const store = ['--store', path.join(scratch.path, 'leaving')]
  const target = at('elsewhere:1')
  const digestOf = async (name: string): Promise<string> => (await dray('digest', name)).stdout.trim()
  const index = await digestOf(at('index:1'))
  await dray(...store, 'pull', '-q', '--platform', 'linux/arm64', at('index:1'))
  expect((await dray(...store, 'push', '-q', at('index:1'))).code).toBe(0)
  expect(await digestOf(at('index:1'))).toBe(index)
  await dray(...store, 'tag', at('index:1'), target)
  const refused = await dray(...store, 'push', '-q', target)
  expect([refused.code, refused.stderr]).toEqual([
    1,
    expect.stringMatching(
      /would be there with linux\/arm64 and without linux\/amd64\n.*--all-platforms.*--sparse.*--platform/,
    ),
  ])
  expect((await dray('digest', target)).code).toBe(3)
  expect((await dray(...store, 'push', '-q', '--sparse', target)).code).toBe(1)
  expect((await dray(...store, 'push', '-q', '--platform', 'linux/amd64', target)).code).toBe(3)
  expect((await dray(...store, 'push', '-q', '--platform', 'linux/arm64', target)).code).toBe(0)
  expect(await digestOf(target)).toBe(other.manifest.digest)
  const archive = path.join(scratch.path, 'leaving.tar')
  const saved = async (...args: readonly string[]): Promise<string> => {
    await dray(...store, 'save', '-o', archive, ...args, at('index:1'))
    const copied = await dray(
      'copy',
      '-q',
      ...(args.length > 0 ? [] : ['--index', 'sparse']),
      '--platform',
      'linux/arm64',
      `oci-archive:${archive}`,
      `oci:${archive}.d`,
    )
    return copied.stdout.trim()
  }
  expect(await saved()).toBe(index)
  expect(await saved('--platform', 'linux/arm64')).toBe(other.manifest.digest)
  expect((await dray(...store, 'save', '-o', archive, '--platform', 'linux/amd64', at('index:1'))).code).toBe(3)
})

test('dray reports a failure by its exit code, in one line and a hint', async () => {
  const cases: [number, RegExp, string[]][] = [
    [2, /unknown command 'frob'/, ['frob']],
    [2, /Cannot use --keep "-1": expected a count/, ['prune', '--keep', '-1']],
    [2, /Cannot use --max-size "20%": expected a size such as 20GB or 512MiB/, ['prune', '--max-size', '20%']],
    [2, /too many arguments/, ['prune', '-f', 'until=24h']],
    [2, /missing required argument 'ref'/, ['pull']],
    [2, /expected lower case/, ['pull', 'UPPER/Case']],
    [2, /Allowed choices are/, ['--progress', 'odd', 'images']],
    [2, /Cannot read the format/, ['inspect', '-f', '{{', 'x']],
    [2, /Cannot filter/, ['images', '-f', 'odd=1']],
    [3, /not found/, ['pull', at('image:none')]],
    [3, /no such image/, ['inspect', 'none']],
    [3, /available: linux\/amd64, linux\/arm64/, ['pull', '--platform', 'linux/s390x', at('index:1')]],
    [4, /401 UNAUTHORIZED/, ['pull', at('image:1', locked.host)]],
    [5, new RegExp(damaged.layers[0]?.descriptor.digest ?? 'none'), ['pull', '-q', at('damaged:1')]],
    [6, /Cannot|not a directory/, ['--store', path.join(program, 'x'), 'images']],
    [1, /Cannot/, ['digest', '127.0.0.1:1/a/b']],
    [2, /it has no digest/, ['blob', at('image:1')]],
    [2, /expected a host/, ['catalog', 'not a host']],
    [2, /expected a tag or a digest/, ['delete', at('image')]],
    [2, /expected a tag or a digest/, ['delete', at(`image:1@${image.manifest.digest}`)]],
    [2, /it is an ID, expected a name with a tag/, ['copy', at('image:1'), `docker-daemon:${image.imageId}`]],
    [2, /expected a source and a target/, ['copy', at('image:1')]],
    [2, /it takes one/, ['copy', at('image:1'), at('image:2'), at('x:1')]],
    [2, /Cannot read the format/, ['copy', '--format', '{{', at('image:1'), 'store:x']],
    [2, /Allowed choices are oci, v2s2, v2s1/, ['push', '--manifest-format', 'v2s3', at('image:1')]],
    [2, /'--all-platforms' cannot be used with/, ['pull', '--all-platforms', '--platform', 'arm64', at('index:1')]],
    [2, /--platform chooses less/, ['copy', '--all', '--platform', 'linux/arm64', at('index:1'), 'oci:x']],
    [2, /--index sparse chooses less/, ['copy', '--all', '--index', 'sparse', at('index:1'), 'oci:x']],
    [2, /--referrers-depth "0"/, ['copy', '--referrers-depth', '0', at('index:1'), 'oci:x']],
    [
      2,
      /expected a place that does, such as a registry, an OCI layout/,
      ['copy', '--referrers', at('image:1'), 'store:x'],
    ],
    [1, /expected a copy that keeps its digests/, ['copy', '--preserve-digests', at('image:1'), 'docker-archive:x']],
    [3, /not found|no such/, ['blob', at(`image@sha256:${'0'.repeat(64)}`)]],
    [3, /no such name/, ['delete', at('image:none')]],
    [
      5,
      new RegExp(damaged.layers[0]?.descriptor.digest ?? 'none'),
      ['blob', at(`damaged@${damaged.layers[0]?.descriptor.digest}`)],
    ],
  ]
  for (const [status, words, args] of cases) {
    const result = await dray(...args)
    expect({ args, code: result.code }).toEqual({ args, code: status })
    const lines = result.stderr
      .trimEnd()
      .split('\n')
      .filter((line) => !/^(?:See 'dray|hint: |Retrying in )/.test(line))
    expect(lines).toHaveLength(1)
    expect(lines[0]).toMatch(words)
    expect(lines[0]).toMatch(/^dray: /)
  }
})

test('dray tags, digest, manifest and config look into a registry without pulling', async () => {
  expect((await dray('tags', at('image'))).stdout).toBe('1\n2\n')
  expect((await dray('digest', at('image:1'), at('image:2'))).stdout).toBe(`${image.manifest.digest}\n`.repeat(2))
  expect((await dray('digest', '--platform', 'linux/arm64', at('index:1'))).stdout).toBe(`${other.manifest.digest}\n`)
  expect(Buffer.compare((await dray('manifest', '--raw', at('image:1'))).output, image.manifestBytes)).toBe(0)
  expect(Buffer.compare((await dray('config', '--raw', at('image:1'))).output, image.configBytes)).toBe(0)
  const shown = await dray('config', at('image:1'))
  expect(JSON.parse(shown.stdout)).toEqual(image.configValue)
  expect(shown.stdout).not.toContain('\u001B')
})

test('dray blob prints no byte of a small blob that is not what its digest says', async () => {
  const broken = await dray('blob', at(`damaged@${damaged.layers[0]?.descriptor.digest}`))
  expect([broken.code, broken.output.byteLength]).toEqual([5, 0])
})

test('dray blob, catalog and referrers look into a registry', async () => {
  const layer = image.layers[0]
  const blob = await dray('blob', at(`image@${layer?.descriptor.digest}`))
  expect(blob).toMatchObject({ code: 0, stderr: '' })
  expect(Buffer.compare(blob.output, layer?.bytes ?? new Uint8Array(0))).toBe(0)
  expect((await dray('catalog', server.host)).stdout).toContain('a/image\na/index\n')

  await fetch(`${server.url}/v2/a/signed/manifests/sig`, {
    method: 'PUT',
    headers: { 'content-type': signature.manifest.mediaType },
    body: Buffer.from(signature.manifestBytes),
  })
  const line = `${signature.manifest.digest} application/x-sig\n`
  expect((await dray('referrers', at('signed:1'))).stdout).toBe(line)
  expect((await dray('referrers', at(`signed@${image.manifest.digest}`))).stdout).toBe(line)
  expect((await dray('referrers', '--artifact-type', 'application/x-sig', at('signed:1'))).stdout).toBe(line)
  expect(await dray('referrers', '--artifact-type', 'other', at('signed:1'))).toMatchObject({ code: 0, stdout: '' })
  expect(JSON.parse((await dray('referrers', '--format', 'json', at('signed:1'))).stdout)).toMatchObject({
    Digest: signature.manifest.digest,
    ArtifactType: 'application/x-sig',
  })
  expect((await dray('referrers', '--format', 'table', at('signed:1'))).stdout).toMatch(
    /^DIGEST +ARTIFACT TYPE +SIZE\n/,
  )
})

test('dray delete removes only a tag if the registry can, and the manifest only with --force', async () => {
  const tags = async (): Promise<string> => (await dray('tags', at('gone'))).stdout
  expect((await dray('delete', at('gone:1'))).stdout).toBe(`Untagged: ${at('gone:1')}\n`)
  expect(await tags()).toBe('2\n3\n')
  const refused = await dray('delete', at('gone:2', untagging.host))
  expect(refused).toMatchObject({ code: 1, stdout: '' })
  expect(refused.stderr).toContain('does not delete a tag alone')
  expect(await tags()).toBe('2\n3\n')
  expect((await dray('delete', '--force', at('gone:2', untagging.host))).stdout).toBe(
    `Deleted: ${at('gone', untagging.host)}@${image.manifest.digest}\n`,
  )
  expect(await tags()).toBe('3\n')
  const byDigest = at(`gone@${other.manifest.digest}`)
  expect((await dray('delete', byDigest)).stdout).toBe(`Deleted: ${byDigest}\n`)
  expect((await dray('delete', byDigest)).code).toBe(3)
})

test('dray lists, tags, saves, copies and removes', async () => {
  await dray('pull', '-q', at('image:1'))
  expect((await dray('tag', at('image:1'), 'mine:x')).code).toBe(0)
  expect((await dray('images', 'mine', '--format', '{{.Repository}}:{{.Tag}} {{.ID}}')).stdout).toBe(
    `mine:x ${image.imageId.slice(7, 19)}\n`,
  )
  expect((await dray('images', '-f', 'reference=mine:*', '-q', '--no-trunc')).stdout).toBe(`${image.imageId}\n`)
  expect((await dray('inspect', '-f', '{{.Id}}', 'mine:x')).stdout).toBe(`${image.imageId}\n`)
  const mixed = await dray('inspect', '--format', 'json', 'mine:x', 'none')
  expect(mixed.code).toBe(3)
  expect(JSON.parse(mixed.stdout)).toHaveLength(1)
  expect((await dray('history', 'mine:x')).stdout).toContain('layer 1')

  const tar = await dray('save', 'mine:x')
  expect(tar.code).toBe(0)
  expect(Buffer.from(tar.output).includes('manifest.json')).toBe(true)
  expect((await dray('save', '--as', 'oci', 'mine:x')).code).toBe(2)
  const layout = path.join(scratch.path, 'layout')
  expect((await dray('save', '--as', 'oci', '-o', layout, 'mine:x')).code).toBe(0)
  expect(await readFile(path.join(layout, 'index.json'), 'utf8')).toContain(image.manifest.digest)
  const copied = await dray('copy', '-q', '--all', `docker://${at('index:1')}`, `oci:${layout}:all`)
  expect(copied.code).toBe(0)
  expect(await readdir(path.join(layout, 'blobs/sha256'))).toContain(other.manifest.digest.slice(7))
  const archive = `docker-archive:${path.join(scratch.path, 'a.tar')}`
  expect((await dray('copy', '-q', 'store:mine:x', archive)).stdout).toBe(`${image.manifest.digest}\n`)

  const ociArchive = `oci-archive:${path.join(scratch.path, 'a.oci.tar')}`
  const index = (await dray('copy', '-q', '--all', at('index:1'), ociArchive)).stdout
  expect((await dray('copy', '-q', '--all', ociArchive, `dir:${path.join(scratch.path, 'dir')}`)).stdout).toBe(index)
  expect((await dray('copy', '-q', `dir:${path.join(scratch.path, 'dir')}`, 'store:from-dir')).code).toBe(0)
  expect((await dray('rmi', 'from-dir')).code).toBe(0)

  const removed = await dray('rmi', 'mine:x', 'none')
  expect(removed).toMatchObject({ code: 3, stdout: 'Untagged: mine:x\n' })
})

test('dray copy --dry-run prints what would be done, and changes nothing', async () => {
  const layout = path.join(scratch.path, 'planned')
  const args = ['copy', '-q', '--all', '--referrers', '--referrers-type', 'application/x-sig', at('index:1')]
  const planned = await dray(...args, '--dry-run', `oci:${layout}`)
  expect(planned.code).toBe(0)
  const lines = planned.stdout.trimEnd().split('\n')
  expect(lines[0]).toMatch(new RegExp(`^${at('index:1')} -> oci:${layout} sha256:`))
  expect(lines[1]).toMatch(/^ACTION +KIND +DIGEST +SIZE +NOTE$/)
  expect(lines.slice(2, -1)).toHaveLength(image.blobs.size + other.blobs.size + 1)
  for (const digest of image.blobs.keys())
    expect(planned.stdout).toMatch(new RegExp(`copy +(blob|manifest) +${digest}`))
  expect(lines.at(-1)).toMatch(/^total: copy 8 \(\d+(\.\d+)?kB\)$/)
  await expect(readdir(layout)).rejects.toThrow(/ENOENT/)
  const many = await dray(
    'copy',
    '-q',
    '--dry-run',
    '--format',
    'json',
    at('image:1'),
    at('image:2'),
    `docker://${at('')}`,
  )
  const plans = many.stdout.trimEnd().split('\n')
  expect(plans.map((plan) => JSON.parse(plan).to)).toEqual([`docker://${at('image:1')}`, `docker://${at('image:2')}`])
  const several = await dray('copy', '-q', at('image:1'), at('index:1'), `oci:${layout}`)
  expect(several.stdout).toBe(`${image.manifest.digest}\n`.repeat(2))
  const rows = await dray('copy', '-q', '--format', '{{.Source}} {{.Size}}', at('image:1'), `oci:${layout}`)
  expect(rows.stdout).toBe(`${at('image:1')} ${image.manifest.size}\n`)
})

test('dray exits with 130 at SIGINT, keeps what was transferred, and exits with 141 without a reader', async () => {
  const store = path.join(scratch.path, 'stopped')
  const child = spawn(process.execPath, [
    program,
    '--store',
    store,
    'pull',
    '--progress',
    'json',
    at('image:1', slow.host),
  ])
  child.stdout.setEncoding('utf8')
  for await (const text of child.stdout) if (/"current":[1-9]/.test(String(text))) child.kill('SIGINT')
  if (child.exitCode === null) await once(child, 'exit')
  expect(child.exitCode).toBe(130)
  const kept = await readdir(path.join(store, 'ingest'))
  expect(kept.length).toBeGreaterThan(0)

  const unread = spawn(process.execPath, [program, 'pull', '--store', store, at('image:1', slow.host)])
  unread.stdout.destroy()
  const [status] = await once(unread, 'exit')
  expect(status).toBe(141)
})

test('dray serve serves the store to this machine until it is stopped', async () => {
  const store = path.join(scratch.path, 'served')
  expect((await dray('--store', store, 'pull', '-q', at('image:1'))).code).toBe(0)
  expect((await dray('--store', store, 'tag', at('image:1'), 'team/app:1')).code).toBe(0)
  expect((await dray('serve', '--listen', '0.0.0.0:5000')).code).toBe(2)
  expect((await dray('serve', '--read-only', '--allow-anonymous-push')).code).toBe(2)
  const serve = async (...options: string[]): Promise<[ChildProcess, string]> => {
    const child = spawn(process.execPath, [program, '--store', store, 'serve', '--listen', '127.0.0.1:0', ...options])
    child.stdout.setEncoding('utf8')
    const [line]: unknown[] = await once(child.stdout, 'data')
    return [child, /^Serving on (127\.0\.0\.1:\d+)\n$/.exec(String(line))?.[1] ?? '']
  }
  const [child, host] = await serve()
  const digest = await dray('digest', `${host}/team/app:1`)
  expect(digest.stdout.trim()).toBe(image.manifest.digest)
  const refused = await fetch(`http://${host}/v2/team/app/blobs/uploads/`, { method: 'POST' })
  expect([refused.status, refused.headers.get('www-authenticate')]).toEqual([405, null])
  expect(await refused.json()).toMatchObject({ errors: [{ code: 'UNSUPPORTED' }] })
  child.kill('SIGTERM')
  expect((await once(child, 'exit'))[0]).toBe(143)
  const [open, openHost] = await serve('--allow-anonymous-push')
  const taken = await fetch(`http://${openHost}/v2/team/app/blobs/uploads/`, { method: 'POST' })
  expect(taken.status).toBe(202)
  open.kill('SIGTERM')
  await once(open, 'exit')
})
