import { DockerHostError } from './errors.ts'

/** Where an engine listens. */
export type DockerHost =
  | { readonly kind: 'unix'; readonly path: string }
  | { readonly kind: 'tcp'; readonly hostname: string; readonly port: number; readonly isTls: boolean }

/** Where Docker Engine listens by default. */
export const DEFAULT_DOCKER_HOST: string = 'unix:///var/run/docker.sock'

const PORT = 2375
const TLS_PORT = 2376
const WANTED = { hint: 'Use unix:///path/of/a/socket or tcp://host:port.' }

/**
 * Reads the text of `DOCKER_HOST`: `unix://PATH`, `tcp://HOST[:PORT]`, `http://HOST[:PORT]` or `https://HOST[:PORT]`;
 * with `isTls` the port of `tcp://` is 2376 by default, else 2375.
 *
 * @throws DockerHostError `ERR_DOCKER_HOST`, also for schemes that need another program, such as `ssh://`
 */
export function parseDockerHost(text: string, { isTls = false }: { readonly isTls?: boolean } = {}): DockerHost {
  const scheme = /^([a-z]+):\/\//.exec(text)?.[1]
  switch (scheme) {
    case 'unix': {
      const path = text.slice('unix://'.length)
      if (!path.startsWith('/')) throw new DockerHostError(text, 'its path is not absolute', WANTED)
      return { kind: 'unix', path }
    }
    case 'tcp':
      return tcp(text, isTls)
    case 'http':
      return tcp(text, false)
    case 'https':
      return tcp(text, true)
    default:
      throw new DockerHostError(
        text,
        scheme === undefined ? 'it has no scheme' : `the scheme ${scheme} is not supported`,
        WANTED,
      )
  }
}

function tcp(text: string, isTls: boolean): DockerHost {
  // A scheme without a default port, so that an explicit port 80 is seen.
  const url = URL.parse(text.replace(/^[a-z]+:/, 'tcp:'))
  if (url === null || url.hostname === '') throw new DockerHostError(text, 'it names no host', WANTED)
  // The text may hold a password.
  if (url.username !== '' || url.password !== '') throw new DockerHostError(url.host, 'it holds a login', WANTED)
  if (!/^\/?$/.test(url.pathname) || url.search !== '' || url.hash !== '') {
    throw new DockerHostError(text, 'it holds more than a host and a port', WANTED)
  }
  const port = url.port === '' ? (isTls ? TLS_PORT : PORT) : Number(url.port)
  return { kind: 'tcp', hostname: url.hostname.replace(/^\[|\]$/g, ''), port, isTls }
}
