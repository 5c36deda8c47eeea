import path from 'node:path'

import { createMemoryStorage, createRegistryHandler } from '@drayage/registry-server'
import { serve, type HttpServer } from '@drayage/registry-server/node'
import { buildImage, run, tempDir, type Program, type TempDir } from '@drayage/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { pythonWith } from './client-libraries.ts'
import { putImage, startDrayd } from './engine-pair.ts'

const python = await pythonWith('docker')

const SCRIPT = `
import docker, sys
client = docker.from_env()
name = sys.argv[1] + '/team/app'
assert client.ping() and client.version()['MinAPIVersion'] == '1.22'
image = client.images.pull(name, tag='1')
assert image.tags == [name + ':1'], image.tags
assert len(client.images.pull(name, all_tags=True)) == 2
assert image.id in [each.id for each in client.images.list(name)]
assert client.images.list(filters={'label': 'tier=web'}) != []
assert image.history()[0]['Id'] == image.id
assert image.tag('mine', tag='x')
saved = b''.join(client.images.get('mine:x').save(named='mine:x'))
client.images.remove('mine:x')
assert [each.tags for each in client.images.load(saved)] == [sorted(['mine:x', name + ':1'])]
try:
    client.images.get('none')
    raise SystemExit('expected an error')
except docker.errors.ImageNotFound as error:
    assert error.status_code == 404
try:
    client.images.load(b'no archive')
    raise SystemExit('expected an error')
except docker.errors.ImageLoadError:
    pass
try:
    client.api.pull(name, tag='1', platform='foobar')
    raise SystemExit('expected an error')
except docker.errors.APIError as error:
    assert 'unknown operating system' in str(error)
lines = list(client.images.push(name, tag='1', stream=True, decode=True))
assert lines[-1]['aux']['Tag'] == '1', lines
assert client.images.get_registry_data(name + ':1').has_platform('linux/amd64')
assert client.login(username='a', password='b', registry=sys.argv[1])['Status'] == 'Login Succeeded'
assert client.containers.list(all=True) == [] and client.info()['Images'] == 2
assert client.df()['Containers'] == []
pruned = client.images.prune({'dangling': False})
assert pruned['SpaceReclaimed'] > 0 and {'Deleted': image.id} in pruned['ImagesDeleted']
print('done')
`

describe.skipIf(python === undefined)("docker's client for Python", () => {
  let work: TempDir
  let registry: HttpServer
  let drayd: Program & { readonly socket: string }

  beforeAll(async () => {
    work = await tempDir('py-')
    registry = await serve(createRegistryHandler({ storage: createMemoryStorage() }), { graceMs: 0 })
    drayd = await startDrayd(path.join(work.path, 'drayd'))
    const config = { config: { Labels: { tier: 'web' } } }
    for (const tag of ['1', '2']) {
      await putImage(
        registry.url,
        'team/app',
        tag,
        await buildImage({ layers: [[{ path: tag, content: tag }]], config }),
      )
    }
  })
  afterAll(async () => {
    await drayd?.stop()
    await registry?.close()
    await work?.[Symbol.asyncDispose]()
  })

  test('pulls, lists, saves, loads, pushes and prunes images with drayd', async () => {
    const env = { DOCKER_HOST: `unix://${drayd.socket}`, DOCKER_CONFIG: work.path }
    const { code, stdout, stderr } = await run(python ?? '', ['-c', SCRIPT, registry.host], { env })
    expect([code, stdout, stderr]).toEqual([0, 'done\n', expect.any(String)])
  })
})
