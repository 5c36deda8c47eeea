import { readFile } from 'node:fs/promises'
import path from 'node:path'

import { digestHex, digestOf } from '@drayage/digest'
import { DEFAULT_DOCKER_HOST, type DockerDaemonOptions, DockerHostError, type DockerTls } from '@drayage/docker-daemon'

/** The user's environment and home directory. */
export interface UserEnvironment {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly home: string
}

/**
 * Which Docker Engine the `docker` command would talk to: that of `DOCKER_HOST`, else that of the context of
 * `DOCKER_CONTEXT` or of docker's configuration, else the default one.
 *
 * @throws DockerHostError `ERR_DOCKER_HOST` for a context or certificates that cannot be read
 */
export async function dockerDaemonOptions(user: UserEnvironment): Promise<DockerDaemonOptions> {
  const { env } = user
  const { DOCKER_API_VERSION: apiVersion = '', DOCKER_HOST: host = '' } = env
  const own = host === '' ? await fromContext(user) : { host, ...(await fromEnvironment(user, host)) }
  return { ...own, ...(apiVersion !== '' && { apiVersion }) }
}

async function fromEnvironment({ env, home }: UserEnvironment, host: string): Promise<DockerDaemonOptions> {
  const { DOCKER_TLS_VERIFY: isVerified = '', DOCKER_CERT_PATH: directory = '' } = env
  if (isVerified === '' || host.startsWith('unix:')) return {}
  const tls = await readTls(directory === '' ? configDirectory({ env, home }) : directory)
  if (tls.ca !== undefined) return { tls }
  throw new DockerHostError(host, 'DOCKER_TLS_VERIFY needs a ca.pem in DOCKER_CERT_PATH')
}

async function fromContext(user: UserEnvironment): Promise<DockerDaemonOptions> {
  const { DOCKER_CONTEXT: chosen = '' } = user.env
  const directory = configDirectory(user)
  const current = chosen === '' ? (await readDocument(path.join(directory, 'config.json')))['currentContext'] : chosen
  if (typeof current !== 'string' || current === '' || current === 'default') return { host: DEFAULT_DOCKER_HOST }
  const id = digestHex(digestOf(current))
  const { Endpoints } = await readDocument(path.join(directory, 'contexts', 'meta', id, 'meta.json'))
  const { docker }: { docker?: unknown } = Object(Endpoints)
  const { Host: host }: { Host?: unknown } = Object(docker)
  if (typeof host !== 'string') {
    throw new DockerHostError(`context ${current}`, 'docker has no such context', {
      hint: 'List contexts with docker context ls.',
    })
  }
  const tls = await readTls(path.join(directory, 'contexts', 'tls', id, 'docker'))
  return Object.keys(tls).length === 0 ? { host } : { host, tls }
}

function configDirectory({ env, home }: UserEnvironment): string {
  const { DOCKER_CONFIG: directory = '' } = env
  return directory === '' ? path.join(home, '.docker') : directory
}

/** The members of a JSON document; none when the file is not there. */
async function readDocument(file: string): Promise<Readonly<Record<string, unknown>>> {
  const text = await readOptional(file)
  try {
    return Object(JSON.parse(text ?? '{}'))
  } catch (cause) {
    throw new DockerHostError(file, 'it is not JSON', { cause })
  }
}

/** The certificates and the key that docker keeps in a directory. */
async function readTls(directory: string): Promise<DockerTls> {
  const [ca, cert, key] = await Promise.all(
    ['ca.pem', 'cert.pem', 'key.pem'].map((file) => readOptional(path.join(directory, file))),
  )
  return { ...(ca !== undefined && { ca }), ...(cert !== undefined && { cert }), ...(key !== undefined && { key }) }
}

async function readOptional(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && (cause.code === 'ENOENT' || cause.code === 'ENOTDIR'))
      return undefined
    throw new DockerHostError(file, 'it cannot be read', { cause })
  }
}
