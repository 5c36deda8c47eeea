import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'

import { expect, test } from 'vitest'

import { buildImage } from '../images/build-image.ts'
import { buildIndex } from '../images/build-index.ts'
import { findPeer } from './find-peer.ts'
import { run, runOk } from './run.ts'
import { startProgram } from './start-program.ts'
import { startDockerRegistry } from './start-docker-registry.ts'
import { startDockerd } from './start-dockerd.ts'
import { tempDir } from '../temp-dir.ts'
import { writeOciLayout } from '../images/write-oci-layout.ts'

const skopeo = findPeer('skopeo')
const registry = findPeer('docker-registry')
const canRunDockerd = ['dockerd', 'docker', 'containerd'].every((name) => findPeer(name as 'docker') !== undefined)
const isRoot = process.getuid?.() === 0

test('tempDir() makes a directory and removes it with all that is in it', async () => {
  let seen: string
  {
    await using directory = await tempDir()
    seen = directory.path
    await writeFile(path.join(seen, 'file'), 'x')
  }
  expect(existsSync(seen)).toBe(false)
})

test('findPeer() finds an executable file by the search path only', async () => {
  await using directory = await tempDir()
  const file = path.join(directory.path, 'crane')
  await writeFile(file, '#!/bin/sh\n', { mode: 0o644 })
  expect(findPeer('crane', { PATH: directory.path })).not.toBe(file)
  await writeFile(path.join(directory.path, 'umoci'), '#!/bin/sh\n', { mode: 0o755 })
  expect(findPeer('umoci', { PATH: `/nowhere:${directory.path}` })).toBe(path.join(directory.path, 'umoci'))
})

test('run() gives output, errors and exit status, and runOk() refuses a failure', async () => {
  const script = 'process.stdin.pipe(process.stdout); process.stderr.write(process.env.X); process.exitCode = 3'
  const result = await run(process.execPath, ['-e', script], { input: 'in', env: { X: 'err' } })
  expect(result).toMatchObject({ stdout: 'in', stderr: 'err', code: 3 })
  await expect(runOk(process.execPath, ['-e', 'process.exitCode = 3'])).rejects.toThrow('exit status 3')
  await expect(run('/nowhere/program', [])).rejects.toThrow('ENOENT')
})

test('run() is aborted with the reason of the signal', async () => {
  const reason = new Error('enough')
  await expect(run(process.execPath, [], { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
  const controller = new AbortController()
  const running = run(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { signal: controller.signal })
  controller.abort(reason)
  await expect(running).rejects.toBe(reason)
})

test('startProgram() reports the output of a program that ends', async () => {
  await using directory = await tempDir()
  const logFile = path.join(directory.path, 'log')
  const args = ['-e', 'console.error("no port"); process.exit(1)']
  const isReady = async (): Promise<boolean> => false
  await expect(startProgram({ command: process.execPath, args, logFile, isReady })).rejects.toThrow('no port')
})

test('startProgram() ends a program by SIGTERM, and a killed program has ended', async () => {
  await using directory = await tempDir()
  const logFile = path.join(directory.path, 'log')
  const args = ['-e', 'console.log("up"); setInterval(() => {}, 1000)']
  const isReady = async (): Promise<boolean> => (await readFile(logFile, 'utf8')).includes('up')
  const daemon = await startProgram({ command: process.execPath, args, logFile, isReady })
  expect(() => process.kill(daemon.pid, 0)).not.toThrow()
  await daemon.stop()
  expect(() => process.kill(daemon.pid, 0)).toThrow('ESRCH')
})

test.skipIf(skopeo === undefined)('skopeo reads an image of buildImage() from writeOciLayout()', async () => {
  await using directory = await tempDir()
  const image = await buildImage({ layers: [[{ path: 'a', content: 'a' }], [{ path: 'b', type: 'dir' }]] })
  await writeOciLayout(directory.path, image, 'test')
  const { stdout } = await runOk(skopeo ?? '', ['inspect', `oci:${directory.path}:test`])
  const seen: unknown = JSON.parse(stdout)
  expect(seen).toMatchObject({ Digest: image.manifest.digest, Architecture: 'amd64', Os: 'linux' })
  expect(seen).toMatchObject({ Layers: image.layers.map((layer) => layer.descriptor.digest) })
})

test.skipIf(skopeo === undefined || registry === undefined)(
  'startDockerRegistry() starts a registry that takes an index and logs its requests',
  async () => {
    await using directory = await tempDir()
    await using peer = await startDockerRegistry({ directory: directory.path })
    const arm64 = await buildImage({ platform: { os: 'linux', architecture: 'arm64' } })
    const index = buildIndex([await buildImage(), arm64])
    await writeOciLayout(path.join(directory.path, 'layout'), index, 'test')
    const to = `docker://${peer.host}/some/name:tag`
    const flags = ['--insecure-policy', 'copy', '--all', '--dest-tls-verify=false']
    await runOk(skopeo ?? '', [...flags, `oci:${directory.path}/layout:test`, to])
    const response = await fetch(`${peer.url}/v2/some/name/manifests/tag`, {
      headers: { Accept: index.manifest.mediaType },
    })
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(index.manifestBytes)
    const requests = await peer.requests()
    expect(requests).toContainEqual(
      expect.objectContaining({ method: 'GET', url: '/v2/some/name/manifests/tag', status: 200 }),
    )
    expect(requests.filter((request) => request.method === 'PUT').length).toBeGreaterThan(4)
    expect(requests.some((request) => request.url.includes('probe'))).toBe(false)
  },
)

test.skipIf(!canRunDockerd || !isRoot || registry === undefined || skopeo === undefined)(
  'startDockerd() starts a daemon that pulls an image of buildImage()',
  async () => {
    await using directory = await tempDir()
    await using peer = await startDockerRegistry({ directory: path.join(directory.path, 'registry') })
    await using daemon = await startDockerd({ directory: path.join(directory.path, 'docker') })
    const image = await buildImage()
    await writeOciLayout(path.join(directory.path, 'layout'), image, 'test')
    const flags = ['--insecure-policy', 'copy', '--preserve-digests', '--dest-tls-verify=false']
    await runOk(skopeo ?? '', [...flags, `oci:${directory.path}/layout:test`, `docker://${peer.host}/a/b:tag`])
    const name = `${peer.host}/a/b@${image.manifest.digest}`
    expect((await daemon.docker(['pull', '--quiet', name])).stdout.trim()).toBe(name)
    const inspected = await daemon.docker(['image', 'inspect', '--format', '{{.Id}}', name])
    expect(inspected.stdout.trim()).toBe(image.imageId)
    expect((await daemon.docker(['image', 'inspect', 'nothing'])).code).toBe(1)
  },
)
