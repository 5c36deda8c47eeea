import { collect, decodeText, fromBytes } from '@drayage/bytes'
import type { HttpClient, HttpResponse } from '@drayage/content'
import { createMemoryStorage, createRegistryHandler } from '@drayage/registry-server'
import { serve, type HttpServer } from '@drayage/registry-server/node'
import { createRuntime, type Runtime } from '@drayage/runtime'
import { tempDir, type TempDir } from '@drayage/testkit'

import { createEngineApi } from '../create-engine-api.ts'
import { createEngineEvents, type EngineEvents } from '../engine-events.ts'

/** An engine with a store and a registry of its own. */
export interface TestEngine extends AsyncDisposable {
  readonly engine: HttpClient
  readonly events: EngineEvents
  readonly runtime: Runtime
  readonly directory: TempDir
  readonly registry: HttpServer
  /** The errors that were answered with status 500. */
  readonly errors: unknown[]
  ask(method: string, path: string, options?: AskOptions): Promise<Answer>
}

/** What a request brings beside its path. */
export interface AskOptions {
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array | string
  readonly signal?: AbortSignal
}

/** An answer whose body was read. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly bytes: Uint8Array
  readonly text: string
  readonly json: unknown
  /** The objects of a stream. */
  readonly lines: readonly Readonly<Record<string, unknown>>[]
}

/** Starts an engine; `wrap` may change what its registry answers, which is asked once unless `attempts` says more. */
export async function startEngine(
  wrap: (handler: HttpClient) => HttpClient = (handler) => handler,
  attempts: number = 1,
  imageId: Runtime['imageId'] = 'config',
): Promise<TestEngine> {
  const directory = await tempDir()
  const registry = await serve(wrap(createRegistryHandler({ storage: createMemoryStorage() })), { graceMs: 0 })
  const runtime = await createRuntime({
    storeDirectory: `${directory.path}/store`,
    home: directory.path,
    env: {},
    platform: { os: 'linux', architecture: 'amd64' },
    retry: { attempts, stepMs: 0 },
    imageId,
  })
  const events = createEngineEvents()
  const errors: unknown[] = []
  const facts = { version: '1.2.3', hostName: 'host', id: 'id' }
  const engine = createEngineApi({ runtime, facts, events, onError: (error) => errors.push(error) })
  return {
    ...{ engine, events, runtime, directory, registry, errors },
    ask: (method, path, options) => ask(engine, method, path, options),
    async [Symbol.asyncDispose]() {
      await runtime[Symbol.asyncDispose]()
      await registry.close()
      await directory[Symbol.asyncDispose]()
    },
  }
}

async function ask(engine: HttpClient, method: string, path: string, options: AskOptions = {}): Promise<Answer> {
  const { headers = {}, body, signal } = options
  const content = body === undefined ? {} : { body: fromBytes(body) }
  return await readAnswer(await engine({ method, url: `http://localhost${path}`, headers, signal, ...content }))
}

const JSON_TYPES: ReadonlySet<string> = new Set(
  ['json', 'jsonl', 'x-ndjson', 'json-seq'].map((name) => `application/${name}`),
)

async function readAnswer(response: HttpResponse): Promise<Answer> {
  const { status, headers } = response
  const bytes = await collect(response.body, { maxBytes: 64 * 1_048_576 })
  const isJson = JSON_TYPES.has(headers['content-type'] ?? '')
  const text = isJson ? decodeText(bytes) : ''
  const texts = text
    .split(/[\r\n]+/)
    .map((line) => line.replace('\u001E', ''))
    .filter((line) => line !== '')
  const parsed = texts.map((line): unknown => JSON.parse(line))
  return { status, headers, bytes, text, json: parsed[0], lines: parsed.filter(isObject) }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}
