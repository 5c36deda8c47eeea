import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import process from 'node:process'

import type { HttpClient } from '@drayage/content'
import { basicAuth, createMemoryStorage, createRegistryHandler } from '@drayage/registry-server'
import { serve, type HttpServer } from '@drayage/registry-server/node'
import {
  run,
  startProgram,
  startDockerd,
  tempDir,
  type Program,
  type RunResult,
  type TempDir,
  type TestImage,
  type TestIndex,
} from '@drayage/testkit'

const DRAYD = path.resolve(import.meta.dirname, '../apps/daemon/bin/drayd.js')

/** One of two daemons, each with a registry of its own that holds the same. */
export interface Engine {
  readonly kind: 'docker' | 'drayage'
  readonly socket: string
  /** Such as `127.0.0.1:40001`. */
  readonly registry: string
  /** A registry of the same content for the user `alice` with the password `secret` alone. */
  readonly guarded: string
  /** Runs a `docker` command line tool against it. */
  docker(client: string, args: readonly string[], input?: Uint8Array | string): Promise<RunResult>
}

/** Docker Engine and `drayd` side by side. */
export interface EnginePair extends AsyncDisposable {
  readonly directory: string
  readonly docker: Engine
  readonly drayage: Engine
  /** Puts an image or an index into both registries. */
  put(repository: string, tag: string, image: TestImage | TestIndex): Promise<void>
}

/** Starts `drayd` on a socket in the directory. */
export async function startDrayd(
  directory: string,
  args: readonly string[] = [],
): Promise<Program & { readonly socket: string }> {
  await mkdir(directory, { recursive: true })
  const socket = path.join(directory, 'drayd.sock')
  const daemon = await startProgram({
    command: process.execPath,
    args: [DRAYD, '--host', `unix://${socket}`, '--store', path.join(directory, 'store'), ...args],
    env: { HOME: directory, XDG_DATA_HOME: undefined, XDG_RUNTIME_DIR: undefined },
    logFile: path.join(directory, 'drayd.log'),
    isReady: async () => (await run('curl', ['-sf', '--unix-socket', socket, 'http://d/_ping'])).code === 0,
  })
  return { ...daemon, socket }
}

/** Registries over one storage, without and with a login. */
interface Registries {
  readonly open: HttpServer
  readonly guarded: HttpServer
}

async function startRegistries(wrap: (handler: HttpClient) => HttpClient): Promise<Registries> {
  const handler = createRegistryHandler({ storage: createMemoryStorage() })
  const login = basicAuth({ users: new Map([['alice', 'secret']]) })
  return {
    open: await serve(wrap(handler), { graceMs: 0 }),
    guarded: await serve(login(handler), { graceMs: 0 }),
  }
}

/** Starts both daemons and their registries; `wrap` may change what the ones without a login answer. */
export async function startEnginePair(
  wrap: (handler: HttpClient) => HttpClient = (handler) => handler,
): Promise<EnginePair> {
  const work = await tempDir('pair-')
  const first = await startRegistries(wrap)
  const second = await startRegistries(wrap)
  const dockerd = await startDockerd({ directory: await made(work, 'dockerd'), registryMirrors: [first.open.url] })
  const drayd = await startDrayd(await made(work, 'drayd'), ['--registry-mirrors', second.open.url])
  const configuration = await made(work, 'config')
  await made(work, 'docker')
  await made(work, 'drayage')
  const engine = (kind: Engine['kind'], socket: string, registries: Registries): Engine => ({
    ...{ kind, socket, registry: registries.open.host, guarded: registries.guarded.host },
    docker: (client, args, input) =>
      run(client, args, {
        ...(input === undefined ? {} : { input }),
        // A command that prompts would wait for ever.
        signal: AbortSignal.timeout(60_000),
        cwd: path.join(work.path, kind),
        env: {
          DOCKER_HOST: `unix://${socket}`,
          DOCKER_CONFIG: path.join(configuration, kind),
          DOCKER_CONTEXT: undefined,
          DOCKER_CLI_HINTS: 'false',
          DOCKER_API_VERSION: '1.41',
        },
      }),
  })
  return {
    directory: work.path,
    docker: engine('docker', dockerd.socket, first),
    drayage: engine('drayage', drayd.socket, second),
    async put(repository, tag, image) {
      for (const { open } of [first, second]) await putImage(open.url, repository, tag, image)
    },
    async [Symbol.asyncDispose]() {
      await dockerd.stop()
      await drayd.stop()
      for (const { open, guarded } of [first, second]) await Promise.all([open.close(), guarded.close()])
      await work[Symbol.asyncDispose]()
    },
  }
}

async function made(work: TempDir, name: string): Promise<string> {
  const directory = path.join(work.path, name)
  await mkdir(directory, { recursive: true })
  return directory
}

/** Puts an image or an index into a registry. */
export async function putImage(
  url: string,
  repository: string,
  tag: string,
  image: TestImage | TestIndex,
): Promise<void> {
  const base = `${url}/v2/${repository}`
  const manifests = manifestsOf(image)
  const digests = new Set(manifests.map(({ manifest }) => manifest.digest))
  for (const [digest, bytes] of image.blobs) {
    if (digests.has(digest)) continue
    await created(fetch(`${base}/blobs/uploads/?digest=${digest}`, { method: 'POST', body: new Uint8Array(bytes) }))
  }
  for (const { manifest, manifestBytes } of manifests) {
    const name = manifest.digest === image.manifest.digest ? tag : manifest.digest
    const headers = { 'content-type': manifest.mediaType }
    await created(fetch(`${base}/manifests/${name}`, { method: 'PUT', headers, body: new Uint8Array(manifestBytes) }))
  }
}

/** An index after the images that it lists. */
function manifestsOf(image: TestImage | TestIndex): readonly (TestImage | TestIndex)[] {
  return 'images' in image ? [...image.images.flatMap(manifestsOf), image] : [image]
}

async function created(answer: Promise<Response>): Promise<void> {
  const { status } = await answer
  if (status !== 201) throw new Error(`Cannot fill the registry: found status ${status}, expected 201`)
}
