/** The key under which docker keeps the login of Docker Hub, and the server that helpers know it by. */
export const HUB_SERVER = 'https://index.docker.io/v1/'

/** The hosts of Docker Hub. They are compared whole: `evildocker.io` is not one. */
const HUB_HOSTS: ReadonlySet<string> = new Set(['docker.io', 'index.docker.io', 'registry-1.docker.io'])

/** A host in the form that logins are compared in: lower case, and `docker.io` for Docker Hub. */
export function normalHost(host: string): string {
  const lower = host.toLowerCase()
  return HUB_HOSTS.has(lower) ? 'docker.io' : lower
}

/**
 * What a key of a file stands for: a host, or a host and a path. A scheme makes it a host, whatever its path; without one
 * `/v1` and `/v2` are versions of the API, and other paths are the part of the registry that the login is good for.
 */
export function normalKey(key: string): string {
  const scheme = /^https?:\/\//i.exec(key)?.[0] ?? ''
  const rest = key.slice(scheme.length)
  const slash = rest.indexOf('/')
  const host = normalHost(slash < 0 ? rest : rest.slice(0, slash))
  const path = slash < 0 ? '' : trimSlashes(rest.slice(slash))
  return scheme !== '' || path === '' || path === 'v1' || path === 'v2' ? host : `${host}/${path}`
}

/** The keys whose logins are good for `path` at `host`, most specific first. */
export function keysFor(host: string, path: string | undefined): string[] {
  const parts =
    path === undefined
      ? []
      : trimSlashes(path)
          .split('/')
          .filter((part) => part !== '')
  const normal = normalHost(host)
  return Array.from({ length: parts.length + 1 }, (_, index) =>
    [normal, ...parts.slice(0, parts.length - index)].join('/'),
  )
}

/** The server that a helper is asked about. */
export function helperServer(host: string): string {
  return normalHost(host) === 'docker.io' ? HUB_SERVER : host
}

/**
 * The host of a server's address as users write it, such as `https://index.docker.io/v1/` or `registry.example:5000`; Docker
 * Hub's for an empty one.
 */
export function loginHost(address: string): string {
  const key = normalKey(address.trim())
  return key === '' ? 'docker.io' : (key.split('/', 1)[0] ?? key)
}

function trimSlashes(path: string): string {
  let start = 0
  let end = path.length
  while (start < end && path[start] === '/') start++
  while (end > start && path[end - 1] === '/') end--
  return path.slice(start, end)
}
