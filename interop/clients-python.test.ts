import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { REFUSAL, startClientFixture, type ClientFixture } from './client-fixture.ts'
import { pythonWith } from './client-libraries.ts'

const AIODOCKER = `
import aiodocker, asyncio, sys
registry, refusal = sys.argv[1:]
name = registry + '/team/app'

async def refused(work, status, text):
    try:
        await work
    except aiodocker.exceptions.DockerError as error:
        assert error.status == status and text in error.message, error
    else:
        raise SystemExit('expected an error')

async def main():
    client = aiodocker.Docker()
    assert (await client.version())['MinAPIVersion'] == '1.22'
    events = client.events.subscribe(filters='{"event":{"tag":true}}')
    pulled = await client.images.pull(name + ':1')
    assert 'Downloaded newer image' in pulled[-1]['status'], pulled
    lines = [each async for each in client.images.pull(name + ':2', stream=True)]
    assert any('progressDetail' in each for each in lines), lines
    assert len(await client.images.list()) == 2
    listed = await client.images.list(filters={'reference': ['*/team/app:1']})
    assert [each['RepoTags'] for each in listed] == [[name + ':1']], listed
    image = await client.images.inspect(name + ':1')
    assert (await client.images.history(name + ':1'))[0]['Id'] == image['Id']
    for _ in range(100):
        await client.images.tag(name + ':1', repo='mine', tag='x')
        try:
            event = await asyncio.wait_for(events.get(), 0.2)
            break
        except asyncio.TimeoutError:
            pass
    assert event['Actor']['Attributes']['name'] == 'mine:x', event
    saved = b''
    async with client.images.export_image('mine:x') as archive:
        async for chunk in archive.iter_chunked(65536):
            saved += chunk
    assert await client.images.delete('mine:x') == [{'Untagged': 'mine:x'}]
    assert 'mine:x' in (await client.images.import_image(saved))[-1]['stream']
    pushed = await client.images.push(name, tag='1', auth={'username': 'a', 'password': 'b'})
    assert pushed[-1]['aux']['Tag'] == '1', pushed
    assert await client.containers.list(all=True) == []
    assert [each['Name'] for each in await client.networks.list()] == ['bridge']
    await refused(client.images.inspect('none'), 404, 'No such image')
    await refused(client.images.pull(registry + '/none:1'), 404, 'none')
    await refused(client.containers.get('none'), 404, 'No such container')
    await refused(client.containers.create({'Image': name + ':1'}), 501, refusal)
    await refused(client.containers.run({'Image': name + ':1'}), 501, refusal)
    await client.close()
    print('done')

asyncio.run(main())
`

const TESTCONTAINERS = `
import docker, sys
from testcontainers.core.container import DockerContainer
from testcontainers.core.docker_client import DockerClient
from testcontainers.core.network import Network
registry, refusal = sys.argv[1:]
client = DockerClient()
assert client.client.ping() and client.host() == 'localhost'
client.client.images.pull(registry + '/team/app', tag='2')

def network():
    with Network():
        pass

for create in (lambda: DockerContainer(registry + '/team/app:2').start(), network):
    try:
        create()
    except docker.errors.APIError as error:
        assert error.status_code == 501 and error.explanation == refusal, error
    else:
        raise SystemExit('expected an error')
print('done')
`

const CLIENTS = [
  { name: 'aiodocker', modules: ['aiodocker'], script: AIODOCKER },
  { name: 'Testcontainers for Python', modules: ['docker', 'testcontainers'], script: TESTCONTAINERS },
]

describe.each(CLIENTS)('$name with drayd', async ({ modules, script }) => {
  const python = await pythonWith(...modules)
  let fixture: ClientFixture

  beforeAll(async () => {
    fixture = await startClientFixture()
  })
  afterAll(async () => {
    await fixture?.[Symbol.asyncDispose]()
  })

  test.skipIf(python === undefined)('does all with images, and is told that there are no containers', async () => {
    const { code, stdout, stderr } = await fixture.run(python ?? '', ['-c', script, fixture.registry, REFUSAL])
    expect([code, stdout, stderr]).toEqual([0, 'done\n', expect.any(String)])
  })
})
