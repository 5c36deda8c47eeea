import { collect, encodeText } from '@drayage/bytes'
import { parseDiffId } from '@drayage/digest'
import { expect, test } from 'vitest'

import { legacyLayers } from './legacy-layers.ts'

const DIFF_IDS = [
  '6c9e5f16eac6d663c9f0f8b88789f726cb944cd356a24c5802e14cdd18121ec5',
  'c134da85c433125ffe673e063111ac80d1f38e4f43b350fd759053921c394656',
].map((hex) => parseDiffId(`sha256:${hex}`))

const CONFIG = {
  architecture: 'amd64',
  os: 'linux',
  config: {
    Env: ['A=b'],
    Cmd: ['sh'],
    Labels: { z: '1', a: '2' },
    ExposedPorts: { '80/tcp': {} },
    Healthcheck: { Test: ['CMD', 'true'], Interval: 1_000_000_000 },
  },
  rootfs: { type: 'layers', diff_ids: DIFF_IDS },
  history: [],
  created: '2024-05-06T07:08:09.123456789Z',
  author: 'me <a&b>',
  docker_version: '20.10',
  container: 'abc',
  container_config: { Hostname: 'h', Env: ['A=b'], Cmd: ['/bin/sh', '-c', 'x'] },
}

const layersOf = (config: object, count = 2): ReturnType<typeof legacyLayers> =>
  legacyLayers(encodeText(JSON.stringify(config)), DIFF_IDS.slice(0, count), ['a.tar', 'b.tar'])

test('legacyLayers() gives the IDs of docker save 20.10, for one layer and for two', () => {
  const { members, top } = layersOf(CONFIG)
  const lower = 'f6deb8f080a956f6bf71991b60090ca38078fa11514868a907affd00600069c6'
  expect(top).toBe('bc1a227fd71a23ffdcc5bd924b1ba76125e78d86d29b81d9e4adc43370b13e55')
  expect(members.map(({ name }) => name)).toEqual(
    [lower, top].flatMap((id) => [`${id}/VERSION`, `${id}/json`, `${id}/layer.tar`]),
  )
  expect(layersOf({ ...CONFIG, created: '2020-01-01T00:00:00Z' }, 1).top).toBe(
    '8a07239c105a91849fbcb50f0323b88a370faf98209fc0f543ce3299bcf2fffa',
  )
})

test('legacyLayers() gives the json of docker save 20.10', async () => {
  const [, lower, , , top] = layersOf(CONFIG).members
  const text = async (member = lower): Promise<string> =>
    Buffer.from((await collect(member?.open({}) ?? (async function* () {})(), { maxBytes: 10_000 })) ?? '').toString()
  expect(await text()).toBe(
    '{"id":"f6deb8f080a956f6bf71991b60090ca38078fa11514868a907affd00600069c6","created":"1970-01-01T00:00:00Z",' +
      '"container_config":{"Hostname":"","Domainname":"","User":"","AttachStdin":false,"AttachStdout":false,' +
      '"AttachStderr":false,"Tty":false,"OpenStdin":false,"StdinOnce":false,"Env":null,"Cmd":null,"Image":"",' +
      '"Volumes":null,"WorkingDir":"","Entrypoint":null,"OnBuild":null,"Labels":null},"os":"linux"}',
  )
  expect(await text(top)).toContain(
    '"author":"me \\u003ca\\u0026b\\u003e","config":{"Hostname":"","Domainname":"","User":"","AttachStdin":false,' +
      '"AttachStdout":false,"AttachStderr":false,"ExposedPorts":{"80/tcp":{}},"Tty":false,"OpenStdin":false,' +
      '"StdinOnce":false,"Env":["A=b"],"Cmd":["sh"],"Healthcheck":{"Test":["CMD","true"],"Interval":1000000000},' +
      '"Image":"","Volumes":null,"WorkingDir":"","Entrypoint":null,"OnBuild":null,"Labels":{"a":"2","z":"1"}},' +
      '"architecture":"amd64","os":"linux"}',
  )
})

test.each([
  ['2024-05-06T07:08:09.123456789Z', 1_714_979_289],
  ['1970-01-01T00:00:00Z', 0],
  ['0001-01-01T00:00:00Z', 0],
  ['1960-01-01T00:00:00Z', 0],
  ['9999-12-31T23:59:59Z', 8 ** 11 - 1],
  ['yesterday', 0],
  [undefined, 0],
])('legacyLayers() of an image of %s have the time %i', (created, seconds) => {
  const { members, mtime } = layersOf({ ...CONFIG, created })
  expect(mtime).toBe(seconds)
  expect(new Set(members.map((member) => member.mtime))).toEqual(new Set([seconds]))
})

test('legacyLayers() of an image without layers are none', () => {
  expect(layersOf(CONFIG, 0)).toMatchObject({ members: [], top: undefined })
})
