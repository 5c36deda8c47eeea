import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { startClientFixture, type ClientFixture } from './client-fixture.ts'
import { engineClient, type AskOptions, type EngineAnswer } from './engine-client.ts'

/** The requests that each program sends for one image, as its source has them, at its version of the API. */
const PROGRAMS = [
  // No negotiation: Watchtower asks for 1.25 unless told otherwise.
  { name: 'Watchtower', version: 'v1.25', states: ['running', 'created', 'exited'] },
  // The newest that the client of moby has, after a HEAD of /_ping.
  { name: 'Diun', version: 'v1.55', states: ['running'] },
] as const

const LOGIN = { 'x-registry-auth': Buffer.from('{"username":"a","password":"b"}').toString('base64url') }

describe.each(PROGRAMS)('the requests of $name to drayd', ({ version, states }) => {
  let fixture: ClientFixture
  let name: string
  const ask = async (method: string, path: string, options?: AskOptions): Promise<EngineAnswer> =>
    await engineClient(fixture.socket).ask(method, `/${version}${path}`, options)
  const found = async (path: string): Promise<unknown> => {
    const { status, text } = await ask('GET', path)
    expect([path, status]).toEqual([path, 200])
    return JSON.parse(text)
  }
  const pull = async (tag: string): Promise<EngineAnswer> =>
    await ask('POST', `/images/create?fromImage=${encodeURIComponent(name)}&tag=${tag}`, { headers: LOGIN })

  beforeAll(async () => {
    fixture = await startClientFixture()
    name = `${fixture.registry}/team/app`
  })
  afterAll(async () => {
    await fixture?.[Symbol.asyncDispose]()
  })

  test('find the daemon, no containers, and the image that a pull brought', async () => {
    expect(await engineClient(fixture.socket).ask('HEAD', '/_ping')).toMatchObject({ status: 200 })
    expect(await found('/version')).toMatchObject({ MinAPIVersion: '1.22', Os: 'linux' })
    const filters = encodeURIComponent(
      JSON.stringify({ status: Object.fromEntries(states.map((state) => [state, true])) }),
    )
    expect(await found(`/containers/json?filters=${filters}`)).toEqual([])
    expect(await ask('GET', `/images/${name}:1/json`)).toMatchObject({ status: 404 })
    expect(await pull('1')).toMatchObject({ status: 200, text: expect.stringContaining('Downloaded newer image') })
    expect(await pull('1')).toMatchObject({ status: 200, text: expect.stringContaining('Image is up to date') })
    const accept = 'application/vnd.docker.distribution.manifest.v2+json'
    const url = `http://${fixture.registry}/v2/team/app/manifests/1`
    const remote = await fetch(url, { method: 'HEAD', headers: { accept } })
    const digest = remote.headers.get('docker-content-digest')
    // What both compare with the registry; an image without a digest counts as built here and is never looked up.
    expect(await found(`/images/${name}:1/json`)).toMatchObject({
      RepoTags: [`${name}:1`],
      RepoDigests: [`${name}@${digest}`],
    })
  })

  test('find a moved tag, and remove the old image by its ID', async () => {
    await pull('1')
    const before = JSON.stringify(await found(`/images/${name}:1/json`))
    await pull('2')
    const [, id] = /"Id":"(sha256:[0-9a-f]{64})"/.exec(before) ?? []
    expect(JSON.stringify(await found(`/images/${name}:2/json`))).not.toContain(`"Id":"${id}"`)
    const removed = await ask('DELETE', `/images/${id}?force=1`)
    expect(removed).toMatchObject({ status: 200, text: expect.stringContaining('"Deleted":"sha256:') })
    expect(await ask('GET', `/images/${id}/json`)).toMatchObject({ status: 404 })
    expect(await found(`/images/${name}:2/json`)).toMatchObject({ RepoTags: [`${name}:2`] })
    const listed = await found(`/images/json?filters=${encodeURIComponent(`{"reference":{"${name}":true}}`)}`)
    expect(listed).toMatchObject([{ RepoTags: [`${name}:2`] }])
  })

  test('are told that there is no swarm and no such container', async () => {
    expect(await ask('GET', '/services')).toMatchObject({ status: 503 })
    expect(await ask('GET', '/containers/none/json')).toMatchObject({ status: 404 })
  })
})
