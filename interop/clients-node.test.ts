import process from 'node:process'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { REFUSAL, startClientFixture, type ClientFixture } from './client-fixture.ts'
import { directoryWith } from './client-libraries.ts'

const DOCKERODE = `
const assert = require('node:assert/strict')
const { Readable } = require('node:stream')
const { buffer } = require('node:stream/consumers')
const Docker = require('dockerode')
const [registry, refusal, socketPath] = process.argv.slice(1)
const name = registry + '/team/app'
const client = new Docker({ socketPath })
const follow = (stream) =>
  new Promise((ok, fail) => client.modem.followProgress(stream, (error, lines) => (error ? fail(error) : ok(lines))))
const refused = (work, statusCode, text) =>
  assert.rejects(work, (error) => error.statusCode === statusCode && error.message.includes(text))
const main = async () => {
  assert.equal(String(await client.ping()), 'OK')
  assert.match((await follow(await client.pull(name + ':1'))).at(-1).status, /Downloaded newer image/)
  await follow(await client.pull(registry + '/multi:1', { platform: 'linux/arm64' }))
  assert.equal((await client.info()).Images, 2)
  const [listed] = await client.listImages({ filters: { reference: ['*/team/app'] } })
  assert.deepEqual(listed.RepoTags, [name + ':1'])
  const image = client.getImage(name + ':1')
  assert.equal((await image.inspect()).Id, listed.Id)
  assert.equal((await image.history())[0].Id, listed.Id)
  assert.match((await image.distribution()).Descriptor.digest, /^sha256:/)
  await image.tag({ repo: 'mine', tag: 'x' })
  const saved = await buffer(await client.getImage('mine:x').get())
  assert.deepEqual(await client.getImage('mine:x').remove(), [{ Untagged: 'mine:x' }])
  assert.match((await follow(await client.loadImage(Readable.from([saved])))).at(-1).stream, /mine:x/)
  const authconfig = { username: 'a', password: 'b', serveraddress: registry }
  assert.equal((await follow(await image.push({ authconfig }))).at(-1).aux.Tag, '1')
  assert.equal((await client.checkAuth(authconfig)).Status, 'Login Succeeded')
  assert.deepEqual(await client.listContainers({ all: true }), [])
  assert.deepEqual((await client.listVolumes()).Volumes, [])
  assert.deepEqual((await client.df()).Containers, [])
  await refused(client.getImage('none').inspect(), 404, 'No such image')
  await refused(client.getContainer('none').inspect(), 404, 'No such container')
  await refused(client.createContainer({ Image: name + ':1' }), 501, refusal)
  await refused(client.createNetwork({ Name: 'x' }), 501, refusal)
  await refused(client.listServices(), 503, 'not a swarm manager')
  console.log('done')
}
main()
`

const TESTCONTAINERS = `
const assert = require('node:assert/strict')
const { GenericContainer, getContainerRuntimeClient, ImageName, Network, PullPolicy } = require('testcontainers')
const [registry, refusal] = process.argv.slice(1)
const name = registry + '/team/app'
const refused = (work) => assert.rejects(work, (error) => error.message.includes(refusal))
const main = async () => {
  const { image, info } = await getContainerRuntimeClient()
  assert.equal(info.containerRuntime.operatingSystemType, 'linux')
  assert.equal(await image.exists(ImageName.fromString(name + ':1')), false)
  await image.pull(ImageName.fromString(name + ':1'))
  assert.equal(await image.exists(ImageName.fromString(name + ':1')), true)
  await refused(new GenericContainer(name + ':1').start())
  await refused(new GenericContainer(name + ':2').withPullPolicy(PullPolicy.alwaysPull()).start())
  assert.equal(await image.exists(ImageName.fromString(name + ':2')), true)
  await refused(new Network().start())
  console.log('done')
  process.exit()
}
main()
`

const CLIENTS = [
  { name: 'dockerode', script: DOCKERODE },
  { name: 'testcontainers', script: TESTCONTAINERS },
]

describe.each(CLIENTS)('$name with drayd', ({ name, script }) => {
  const directory = directoryWith(name)
  let fixture: ClientFixture

  beforeAll(async () => {
    fixture = await startClientFixture()
  })
  afterAll(async () => {
    await fixture?.[Symbol.asyncDispose]()
  })

  test.skipIf(directory === undefined)('does all with images, and is told that there are no containers', async () => {
    const args = ['-e', script, fixture.registry, REFUSAL, fixture.socket]
    const { code, stdout, stderr } = await fixture.run(process.execPath, args, directory)
    expect([code, stdout, stderr]).toEqual([0, 'done\n', expect.any(String)])
  })
})
