import type { HttpResponse } from '@drayage/content'
import { buildImage, buildTar } from '@drayage/testkit'

import { problem, type Refusal } from './engine-refusals.ts'

const HEX = 'a'.repeat(64)
const ZEROS = `sha256:${'0'.repeat(64)}`
const INVALID = 'invalid input'
const INCOMPLETE = 'incomplete requests'
const INSPECT = 'error of inspect'
const UNREACHABLE = 'an unreachable registry'
const AUTH = { 'x-registry-auth': 'e30=' }
const JSON_TYPE = { 'content-type': 'application/json' }

type More = Partial<Refusal>
const invalid = { differs: INVALID, hasSameWords: true }
const inspect = { differs: INSPECT }
const ask =
  (method: Refusal['method'], prefix: string) =>
  (what: string, path: string, more: More = {}): Refusal => ({ what: `${prefix} ${what}`, method, path, ...more })

const create = ask('POST', 'pull')
const get = ask('GET', 'get')
const post = ask('POST', 'post')
const remove = ask('DELETE', 'remove')
const push = (what: string, path: string, more: More = {}): Refusal =>
  post(`push ${what}`, path, { headers: AUTH, ...more })
const list = (what: string, filters: string, more: More = {}): Refusal =>
  get(`list ${what}`, `/images/json?filters=${filters}`, more)
const search = (what: string, query: string, more: More = {}): Refusal =>
  get(`search ${what}`, `/images/search?${query}`, more)
const prune = (what: string, filters: string, more: More = {}): Refusal =>
  post(`prune ${what}`, `/images/prune?filters=${filters}`, more)

/** Requests that are refused for what they say, whatever a registry has. */
export function requestRefusals(): Refusal[] {
  const from = (name: string): string => `/images/create?fromImage=${name}`
  const denied = (_: string, method: string): HttpResponse =>
    method === 'GET' ? problem(404, 'NAME_UNKNOWN', 'x') : problem(403, 'DENIED', 'requested access is denied')
  const unauthorized = (): HttpResponse => problem(401, 'UNAUTHORIZED', 'authentication required')
  const readOnly = (_: string, method: string): HttpResponse =>
    method === 'HEAD' ? problem(404, 'BLOB_UNKNOWN', 'x') : problem(405, 'UNSUPPORTED', 'The operation is unsupported.')
  return [
    create('upper case', from('registry.example/UPPER')),
    create('a bad tag', from('{repository}&tag=a/b')),
    create('a long tag', from(`{repository}&tag=${'a'.repeat(129)}`)),
    create('an ID', from(HEX)),
    create('a name that is too long', from(`registry.example/${'a/'.repeat(140)}a`)),
    create('an unknown algorithm', from(`{repository}&tag=md5:${'0'.repeat(32)}`)),
    create('a short digest', from('{repository}&tag=sha256:00')),
    create('scratch', from('scratch&tag=latest')),
    create('no name', from('&tag=1'), { differs: INCOMPLETE }),
    create('nothing', '/images/create', { differs: INCOMPLETE }),
    create('a platform of four parts', from('{repository}&platform=a/b/c/d')),
    create('a platform with a blank', from('{repository}&platform=li%20nux'), { differs: 'parts of a platform' }),
    create('an unknown platform', from('{repository}&platform=foobar')),
    get('distribution of an unknown repository', '/distribution/{repository}:1/json'),
    get('distribution that is denied', '/distribution/{repository}:1/json', {
      answer: () => problem(403, 'DENIED', 'denied'),
    }),
    get('distribution without login', '/distribution/{repository}:1/json', { answer: unauthorized }),
    get('distribution of upper case', '/distribution/registry.example/UPPER/json'),
    get('distribution of an ID', `/distribution/${HEX}/json`, invalid),
    get('distribution of scratch', '/distribution/scratch/json'),
    get('distribution of an unknown host', '/distribution/nowhere.invalid/a/json', { differs: UNREACHABLE }),
    get('inspect of nothing', '/images/nothing/json', inspect),
    get('inspect of upper case', '/images/UPPER/json', inspect),
    get('inspect of an unknown ID', `/images/${ZEROS}/json`, inspect),
    get('inspect of an unknown prefix', '/images/0123456789ab/json', inspect),
    get('inspect of a bad digest', '/images/a@sha256:00/json', inspect),
    get('history of nothing', '/images/nothing/history'),
    get('history of upper case', '/images/UPPER/history'),
    get('save of nothing', '/images/nothing/get', { differs: 'error of save' }),
    get('save of an unknown ID', `/images/${ZEROS}/get`, { differs: 'error of save' }),
    get('save of upper case', '/images/UPPER/get', invalid),
    get('save of no name', '/images/get', { differs: INCOMPLETE }),
    post('tag nothing', '/images/nothing/tag?repo=a&tag=b'),
    post('tag upper case', '/images/UPPER/tag?repo=a'),
    post('tag as upper case', '/images/{known}/tag?repo=UPPER', invalid),
    post('tag with a bad tag', '/images/{known}/tag?repo=a&tag=a/b', invalid),
    post('tag as a digest', `/images/{known}/tag?repo=a@${ZEROS}`),
    post('tag as sha256', '/images/{known}/tag?repo=sha256&tag=b'),
    post('tag as an ID', `/images/{known}/tag?repo=${HEX}`, invalid),
    post('tag as nothing', '/images/{known}/tag', { differs: INCOMPLETE }),
    remove('nothing', '/images/nothing'),
    remove('upper case', '/images/UPPER'),
    remove('a blank', '/images/%20'),
    remove('an unknown ID', `/images/${ZEROS}`),
    remove('an unknown digest', `/images/{known}@${ZEROS}`),
    push('nothing', '/images/nothing/push?tag=1'),
    push('an unknown tag', '/images/{repository}/push?tag=nothing'),
    push('scratch', '/images/scratch/push'),
    push('a digest', `/images/a@${ZEROS}/push`),
    push('upper case', '/images/UPPER/push', invalid),
    push('a bad tag', '/images/nothing/push?tag=a/b', invalid),
    push('without a header', '/images/nothing/push?tag=1', { headers: {}, differs: 'a push without a login' }),
    push('with a bad body', '/images/nothing/push?tag=1', { headers: {}, body: 'no json', differs: INVALID }),
    push('that is denied', '/images/{repository}/push?tag=1', { answer: denied }),
    push('without login', '/images/{repository}/push?tag=1', {
      answer: unauthorized,
    }),
    push('that is not supported', '/images/{repository}/push?tag=1', { answer: readOnly }),
    search('for nothing', '', { differs: INCOMPLETE }),
    search('without a number', 'term=a&limit=x', { differs: INVALID }),
    search('for too many', 'term=a&limit=101'),
    search('for less than none', 'term=a&limit=-1'),
    search('by an unknown filter', 'term=a&filters={"bogus":["1"]}'),
    search('by no JSON', 'term=a&filters={', { differs: INVALID }),
    search('by bad stars', 'term=a&filters={"stars":["x"]}', { differs: INVALID }),
    search('by a bad switch', 'term=a&filters={"is-official":["x"]}'),
    search('for a URL', 'term=https://a/b', { differs: INVALID }),
    search('a registry that has no search', 'term={repository}', { differs: 'a registry without a search' }),
    search('an unknown host', 'term=nowhere.invalid/a', { differs: UNREACHABLE }),
    list('by an unknown filter', '{"bogus":["1"]}'),
    list('by no JSON', '{', { differs: INVALID }),
    list('since nothing', '{"since":["nothing"]}'),
    list('before nothing', '{"before":["nothing"]}'),
    list('since upper case', '{"since":["UPPER"]}'),
    list('by a bad switch', '{"dangling":["x"]}'),
    list('by two switches', '{"dangling":["true","false"]}', { differs: INVALID }),
    list('by a bad pattern', '{"reference":["[a"]}', { differs: INVALID }),
    prune('by an unknown filter', '{"bogus":["1"]}'),
    prune('by a bad switch', '{"dangling":["x"]}'),
    prune('until never', '{"until":["x"]}', invalid),
    prune('until twice', '{"until":["1h","2h"]}', invalid),
    post('log in without a body', '/auth', { headers: JSON_TYPE, differs: INCOMPLETE }),
    post('log in with no JSON', '/auth', { headers: JSON_TYPE, body: '{', differs: INVALID }),
    post('log in where nothing listens', '/auth', {
      headers: JSON_TYPE,
      body: '{"username":"a","password":"b","serveraddress":"127.0.0.1:1"}',
      differs: UNREACHABLE,
    }),
    get('an unknown route', '/nothing'),
    get('a version that is too old', '/v1.11/images/json', { differs: 'API versions' }),
    get('a version that is too new', '/v9.99/images/json', { differs: 'API versions' }),
  ]
}

/** Archives and file trees that are refused. */
export async function archiveRefusals(): Promise<Refusal[]> {
  const tree = await buildTar([{ path: 'a', content: 'a' }])
  const imported = (what: string, query: string, body: NonNullable<Refusal['body']> = tree, more: More = {}): Refusal =>
    post(`import ${what}`, `/images/create?fromSrc=-&${query}`, { body, ...more })
  const loaded = async (what: string, os: string, more: More = {}): Promise<Refusal> =>
    post(`load ${what}`, '/images/load?quiet=1', { body: await archiveFor(os), ...more })
  const load = (what: string, body: NonNullable<Refusal['body']>): Refusal =>
    post(`load ${what}`, '/images/load?quiet=1', { body, differs: 'error of load' })
  const noTar = { differs: 'a layer that is no tar' }
  return [
    imported('for windows', 'platform=windows'),
    imported('for plan9', 'platform=plan9/amd64'),
    imported('for a system that does not exist', 'platform=dreamos/amd64'),
    imported('for linux/arm64', 'platform=linux/arm64'),
    imported('as upper case', 'repo=UPPER'),
    imported('as a digest', `repo=a@${ZEROS}`),
    imported('with a bad tag', 'repo=a&tag=a/b'),
    imported('of what is no tar', '', 'this is no tar, only a text that goes on for a while', noTar),
    imported('of a damaged gzip', '', Buffer.from('1f8b0800000000000003010203', 'hex'), noTar),
    imported('of nothing', '', ''),
    await loaded('for linux', 'linux'),
    await loaded('for no system', ''),
    await loaded('for windows', 'windows'),
    load('what is no archive', 'no archive'),
    load('a tar without a manifest', tree),
    load('a manifest that is null', await buildTar([{ path: 'manifest.json', content: 'null' }])),
    load('a manifest without its config', await buildTar([{ path: 'manifest.json', content: '[{"Config":"a"}]' }])),
  ]
}

async function archiveFor(os: string): Promise<Uint8Array> {
  const { configBytes, layers } = await buildImage({ platform: { os, architecture: 'amd64' } })
  const manifest = [{ Config: 'config.json', RepoTags: null, Layers: layers.map((_, n) => `${n}.tar`) }]
  return await buildTar([
    { path: 'config.json', content: configBytes },
    ...layers.map(({ tar }, n) => ({ path: `${n}.tar`, content: tar })),
    { path: 'manifest.json', content: JSON.stringify(manifest) },
  ])
}
