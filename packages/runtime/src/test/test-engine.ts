import { createServer, type IncomingMessage } from 'node:http'
import path from 'node:path'

import { openDockerArchive } from '@drayage/archive'
import { fromBytes } from '@drayage/bytes'
import { tempDir } from '@drayage/testkit'

/** A Docker Engine on a socket, as far as copies need one: what is loaded can be saved. */
export interface TestEngine extends AsyncDisposable {
  /** For `DOCKER_HOST`. */
  readonly host: string
  /** Saved and loaded archives, by the name or ID that they are saved by. */
  readonly archives: Map<string, Buffer>
  /** Image IDs by name. */
  readonly names: Map<string, string>
  /** What the engine says of a load instead of doing it. */
  refusal: string | undefined
}

/** Starts an engine without images. */
export async function startEngine(): Promise<TestEngine> {
  const directory = await tempDir('engine-')
  const socket = path.join(directory.path, 'docker.sock')
  const server = createServer((request, response) => {
    void answer(engine, request).then(({ status = 200, body }) => response.writeHead(status, VERSION).end(body))
  })
  const engine: TestEngine = {
    host: `unix://${socket}`,
    archives: new Map(),
    names: new Map(),
    refusal: undefined,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await directory[Symbol.asyncDispose]()
    },
  }
  await new Promise<void>((resolve) => server.listen(socket, resolve))
  return engine
}

const VERSION = { 'api-version': '1.41' }

async function answer(
  engine: TestEngine,
  request: IncomingMessage,
): Promise<{ status?: number; body: string | Buffer }> {
  const { pathname, searchParams } = new URL(request.url ?? '', 'http://engine')
  if (pathname === '/_ping') return { body: 'OK' }
  if (pathname === '/v1.41/images/load') return { body: await load(engine, request) }
  const missing = { status: 404, body: '{"message":"no such image"}' }
  if (pathname === '/v1.41/images/get') {
    const body = engine.archives.get(searchParams.get('names') ?? '')
    return body === undefined ? missing : { body }
  }
  const asked = decodeURIComponent(/^\/v1\.41\/images\/(.+)\/json$/.exec(pathname)?.[1] ?? '')
  const tagged = asked.includes(':') ? asked : `${asked}:latest`
  const id = engine.names.get(tagged) ?? [...engine.names.values()].find((each) => each.includes(asked))
  if (id === undefined) return missing
  const tags = [...engine.names].filter(([, of]) => of === id).map(([name]) => name)
  return { body: JSON.stringify({ Id: id, RepoTags: tags }) }
}

async function load(engine: TestEngine, request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
  if (engine.refusal !== undefined) return JSON.stringify({ errorDetail: { message: engine.refusal } })
  const bytes = Buffer.concat(chunks)
  await using archive = await openDockerArchive(fromBytes(bytes))
  for (const entry of archive.images) {
    const { imageId } = await archive.read(entry)
    for (const name of entry.repoTags) {
      engine.names.set(name, imageId)
      engine.archives.set(name, bytes)
    }
  }
  return '{"stream":"Loaded image"}\n'
}
