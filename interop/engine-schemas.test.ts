import path from 'node:path'

import type { HttpClient } from '@drayage/content'
import { jsonResponse } from '@drayage/content'
import { basicAuth, createMemoryStorage, createRegistryHandler } from '@drayage/registry-server'
import { serve, type HttpServer } from '@drayage/registry-server/node'
import { buildImage, buildIndex, buildTar, randomBytes, tempDir, type TempDir } from '@drayage/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { engineClient } from './engine-client.ts'
import { putImage, startDrayd } from './engine-pair.ts'
import { parseEngineSchema } from './engine-schema.ts'
import { exceptionFor, SCHEMA_EXCEPTIONS, type SchemaException } from './engine-schema-exceptions.ts'
import { findEngineSchemas, readEngineSchema } from './engine-schema-files.ts'
import { schemaRequests, type SchemaFixture } from './engine-schema-requests.ts'

const VERSIONS = [41, 43, 44, 47, 50, 52, 55, 57]

const work: TempDir = await tempDir('schemas-')
const schemas = await findEngineSchemas(path.join(work.path, 'go'))

const used = new Set<SchemaException>()

let open: HttpServer
let guarded: HttpServer
let fixture: SchemaFixture

/** A registry that can be searched. */
function searchable(handler: HttpClient): HttpClient {
  const found = { name: 'hello', description: 'one', star_count: 3, is_official: false, is_automated: true }
  return async (request) =>
    new URL(request.url).pathname === '/v1/search' ? jsonResponse(200, { results: [found] }) : await handler(request)
}

async function buildArchive(): Promise<Uint8Array> {
  const { configBytes, layers } = await buildImage({ layers: [[{ path: 'loaded', content: randomBytes(3, 300_000) }]] })
  const manifest = [{ Config: 'c.json', RepoTags: ['loaded:1'], Layers: layers.map((_, n) => `${n}.tar`) }]
  return await buildTar([
    { path: 'c.json', content: configBytes },
    ...layers.map(({ tar }, n) => ({ path: `${n}.tar`, content: tar })),
    { path: 'manifest.json', content: JSON.stringify(manifest) },
  ])
}

afterAll(() => work[Symbol.asyncDispose]())

describe.skipIf(schemas === undefined)('the answers of drayd are valid against the schemas of moby', () => {
  beforeAll(async () => {
    const handler = createRegistryHandler({ storage: createMemoryStorage() })
    open = await serve(searchable(handler), { graceMs: 0 })
    guarded = await serve(basicAuth({ users: new Map([['alice', 'secret']]) })(handler), { graceMs: 0 })
    const labels = { config: { config: { Labels: { a: 'b' }, Env: ['A=b'], ExposedPorts: { '80/tcp': {} } } } }
    const app = await buildImage({ ...labels, layers: [[{ path: 'a', content: randomBytes(1, 300_000) }]] })
    const arm64 = await buildImage({ platform: { os: 'linux', architecture: 'arm64', variant: 'v8' } })
    await putImage(open.url, 'app', '1', app)
    await putImage(open.url, 'multi', '1', buildIndex([app, arm64], { attested: true }))
    const tree = await buildTar([{ path: 'file', content: 'file' }])
    fixture = { registry: open.host, guarded: guarded.host, tree, archive: await buildArchive() }
  })
  afterAll(async () => {
    await open?.close()
    await guarded?.close()
  })

  test.each(VERSIONS)('of version 1.%d', async (minor) => {
    const schema = parseEngineSchema(await readEngineSchema(schemas ?? '', `1.${minor}`))
    const directory = path.join(work.path, String(minor))
    const drayd = await startDrayd(directory)
    try {
      const client = engineClient(drayd.socket)
      const requests = schemaRequests(fixture).filter(({ from = 0 }) => minor >= from)
      expect(requests.length).toBeGreaterThanOrEqual(40)
      const problems: string[] = []
      for (const { operation, path: target, status, ...options } of requests) {
        const [method = ''] = operation.split(' ')
        const answer = await client.ask(
          method,
          `/v1.${minor}${target.replace('{now}', String(Date.now() / 1000))}`,
          options,
        )
        if (answer.status !== status) problems.push(`${operation}: ${answer.status} ${answer.text}, expected ${status}`)
        for (const problem of schema.problems(operation, answer)) {
          const exception = exceptionFor(operation, minor, problem)
          if (exception === undefined) problems.push(`${operation}: ${problem}`)
          else used.add(exception)
        }
      }
      expect([...new Set(problems)]).toEqual([])
    } finally {
      await drayd.stop()
    }
  })

  test('no exception is left that no answer needs', () => {
    expect(SCHEMA_EXCEPTIONS.filter((each) => !used.has(each))).toEqual([])
  })

  test('an answer with another type, member, status, header or line is found', async () => {
    const schema = parseEngineSchema(await readEngineSchema(schemas ?? '', '1.57'))
    const json = (value: unknown) => ({
      ...{ status: 200, headers: { 'content-type': 'application/json' } },
      text: JSON.stringify(value),
    })
    const version = { Version: '1', ApiVersion: '1.57', Components: [{ Name: 'a', Version: '1' }] }
    expect(schema.problems('GET /version', json(version))).toEqual([])
    expect(schema.problems('GET /version', json({ ...version, Version: 1 }))).toEqual(['/Version must be string'])
    expect(schema.problems('GET /version', json({ ...version, Other: 1 }))).toEqual([
      '/ must NOT have additional properties ("Other")',
    ])
    expect(schema.problems('GET /version', { ...json(version), status: 201 })).toEqual(['status 201'])
    expect(schema.problems('GET /version', json({ ...version, Components: [{}] }))).toContain(
      "/Components/0 must have required property 'Name'",
    )
    expect(schema.problems('GET /images/json', json([{ Id: 'a', Created: 1.5 }]))).toContain(
      '/0/Created must be integer',
    )
    expect(schema.problems('GET /events', json({ Type: 'image', Time: 1 }))).toContain(
      '/ must NOT have additional properties ("Time")',
    )
    expect(schema.problems('GET /_ping', { status: 200, headers: {}, text: '' })).toContain(
      'lacks the header Api-Version',
    )
    expect(schema.problems('GET /nothing', json({}))).toEqual(['no such operation'])
  })
})
