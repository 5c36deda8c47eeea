/** A request whose answer is compared with the schema of its version. */
export interface SchemaRequest {
  /** In the words of the schema: `GET /images/{name}/json`. */
  readonly operation: string
  /** `{now}` stands for the time of the request, in seconds since 1970. */
  readonly path: string
  readonly status: number
  /** The first version that is asked, as `48` of 1.48; all by default. */
  readonly from?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array | string
}

/** What the requests are about. */
export interface SchemaFixture {
  /** The registry that has `app:1`, an image, and `multi:1`, an index of linux/amd64 and linux/arm64. */
  readonly registry: string
  /** A registry for the user `alice` with the password `secret` alone. */
  readonly guarded: string
  /** A file tree as a tar. */
  readonly tree: Uint8Array
  /** A docker-archive of an image called `loaded:1`. */
  readonly archive: Uint8Array
}

type More = Partial<SchemaRequest>

/** The requests in their order, from an empty store to an empty store. */
export function schemaRequests({ registry, guarded, tree, archive }: SchemaFixture): SchemaRequest[] {
  const ask = (operation: string, path: string, status: number, more: More = {}): SchemaRequest => ({
    ...{ operation, path, status },
    ...more,
  })
  const get = (path: string, more: More = {}): SchemaRequest => ask(`GET ${path.split('?')[0]}`, path, 200, more)
  const of = (operation: string, path: string, more: More = {}): SchemaRequest => ask(operation, path, 200, more)
  const login = (password: string): More => ({
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username: 'alice', password, serveraddress: guarded }),
  })
  const app = `${registry}/app:1`
  const multi = `${registry}/multi:1`
  const auth = { headers: { 'x-registry-auth': 'e30=' } }
  const accept = (type: string): More => ({ headers: { accept: type } })
  const arm64 = encodeURIComponent('{"os":"linux","architecture":"arm64"}')
  return [
    get('/_ping'),
    ask('HEAD /_ping', '/_ping', 200),
    get('/version'),
    get('/info'),
    ask('POST /auth', '/auth', 200, login('secret')),
    ask('POST /auth', '/auth', 401, login('wrong')),
    ask('POST /auth', '/auth', 400),
    get('/system/df'),
    of('POST /images/create', `/images/create?fromImage=${app}`),
    of('POST /images/create', `/images/create?fromImage=${multi}`),
    of('POST /images/create', `/images/create?fromImage=${multi}&platform=linux/arm64`),
    of('POST /images/create', `/images/create?fromImage=${app}`),
    of('POST /images/create', '/images/create?fromSrc=-&repo=made&tag=1&changes=LABEL%20a=b', { body: tree }),
    ask('POST /images/create', `/images/create?fromImage=${registry}/none&tag=1`, 404),
    ask('POST /images/create', '/images/create?fromImage=scratch', 403),
    of('POST /images/load', '/images/load?quiet=0', { body: archive }),
    of('POST /images/load', '/images/load', { body: 'no archive' }),
    get('/images/json'),
    get('/images/json?manifests=1&shared-size=1'),
    get(`/images/json?filters=${encodeURIComponent('{"reference":["made"]}')}`),
    ask('GET /images/json', '/images/json?filters=%7B', 400),
    of('GET /images/{name}/json', `/images/${app}/json`),
    of('GET /images/{name}/json', `/images/${multi}/json?manifests=1`),
    of('GET /images/{name}/json', `/images/${multi}/json?platform=${arm64}`, { from: 49 }),
    of('GET /images/{name}/json', '/images/made:1/json'),
    ask('GET /images/{name}/json', '/images/none/json', 404),
    get('/images/json?manifests=1&identity=1', { from: 54 }),
    of('GET /images/{name}/attestations', `/images/${multi}/attestations?statement=1`, { from: 55 }),
    ask('GET /images/{name}/attestations', '/images/none/attestations', 404, { from: 55 }),
    of('GET /images/{name}/history', `/images/${app}/history`),
    ask('GET /images/{name}/history', '/images/none/history', 404),
    ask('POST /images/{name}/tag', `/images/made:1/tag?repo=${registry}/new&tag=1`, 201),
    ask('POST /images/{name}/tag', '/images/none/tag?repo=a', 404),
    of('POST /images/{name}/push', `/images/${registry}/new/push?tag=1`, auth),
    of('POST /images/{name}/push', `/images/${registry}/none/push?tag=1`, auth),
    of('GET /images/{name}/get', '/images/made:1/get'),
    of('GET /images/get', '/images/get?names=loaded:1'),
    get(`/images/search?term=${registry}/hello`),
    of('GET /distribution/{name}/json', `/distribution/${multi}/json`),
    ask('GET /distribution/{name}/json', `/distribution/${guarded}/app:1/json`, 401),
    get('/system/df?type=image'),
    get('/system/df?verbose=1', { from: 52 }),
    get('/events?since=1&until={now}'),
    get('/events?since=1&until={now}', { ...accept('application/json-seq'), from: 52 }),
    get('/containers/json?all=1'),
    ask('GET /containers/{id}/json', '/containers/none/json', 404),
    get('/networks'),
    of('GET /networks/{id}', '/networks/bridge'),
    get('/volumes'),
    ask('GET /volumes/{name}', '/volumes/none', 404),
    get('/plugins'),
    ask('GET /swarm', '/swarm', 503),
    ask('DELETE /images/{name}', '/images/made', 404),
    of('DELETE /images/{name}', '/images/made:1'),
    of('POST /images/prune', '/images/prune'),
    of('POST /images/prune', `/images/prune?filters=${encodeURIComponent('{"dangling":["false"]}')}`),
    of('POST /images/prune', '/images/prune'),
  ]
}
