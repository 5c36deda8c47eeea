import { mkdir, readFile, writeFile } from 'node:fs/promises'
import net from 'node:net'
import path from 'node:path'

import { findPeer } from './find-peer.ts'
import { startProgram, type Program } from './start-program.ts'

/** How to start a registry. */
export interface StartDockerRegistryOptions {
  /** Where it keeps its storage and its config; kept when it ends. */
  readonly directory: string
  /** A free one by default. */
  readonly port?: number
  /** Takes its log and its access log; `registry.log` in the directory by default. */
  readonly logFile?: string
  /** Sections to add to its config, or to replace in it. */
  readonly config?: Readonly<Record<string, unknown>>
}

/** A request as the registry logged it. */
export interface LoggedRequest {
  readonly method: string
  /** Path and query. */
  readonly url: string
  readonly status: number
  /** Bytes of the body that were written, also when the client went away. */
  readonly bytes: number
}

/** A running registry. */
export interface DockerRegistry extends Program {
  /** Such as `127.0.0.1:5000`. */
  readonly host: string
  /** Such as `http://127.0.0.1:5000`. */
  readonly url: string
  readonly logFile: string
  /** The requests so far, without those that looked whether it is ready. */
  requests(): Promise<LoggedRequest[]>
}

const PROBE = 'drayage-probe'
const ACCESS =
  /^127\.0\.0\.1 - \S+ \[[^\]]*\] "(?<method>[A-Z]+) (?<url>\S+) HTTP\/[\d.]+" (?<status>\d{3}) (?<bytes>\d+) /

/** Starts the `docker-registry` of the CNCF distribution project on a loopback port, without authentication. */
export async function startDockerRegistry(options: StartDockerRegistryOptions): Promise<DockerRegistry> {
  const command = findPeer('docker-registry')
  if (command === undefined) throw new Error('Cannot start a registry: found no docker-registry, expected it installed')
  const host = `127.0.0.1:${options.port ?? (await freePort())}`
  const url = `http://${host}`
  await mkdir(path.join(options.directory, 'storage'), { recursive: true })
  const logFile = options.logFile ?? path.join(options.directory, 'registry.log')
  const configFile = path.join(options.directory, 'config.yml')
  await writeFile(configFile, JSON.stringify(registryConfig(host, options)))
  const daemon = await startProgram({
    command,
    args: ['serve', configFile],
    logFile,
    isReady: () => answers(url),
  })
  return { ...daemon, host, url, logFile, requests: () => readRequests(logFile) }
}

function registryConfig(host: string, options: StartDockerRegistryOptions): unknown {
  return {
    version: '0.1',
    log: { level: 'info', accesslog: { disabled: false } },
    storage: {
      filesystem: { rootdirectory: path.join(options.directory, 'storage') },
      delete: { enabled: true },
    },
    http: { addr: host },
    ...options.config,
  }
}

/** A free port of the loopback interface. */
export async function freePort(): Promise<number> {
  const server = net.createServer()
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject).listen(0, '127.0.0.1', resolve)
  await promise
  const address = server.address()
  await new Promise((done) => server.close(done))
  if (address === null || typeof address === 'string') throw new TypeError('Cannot find a port: found no address')
  return address.port
}

async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/v2/?${PROBE}`)
    await response.body?.cancel()
    return true
  } catch {
    return false
  }
}

async function readRequests(logFile: string): Promise<LoggedRequest[]> {
  const lines = (await readFile(logFile, 'utf8')).split('\n')
  return lines.flatMap((line) => {
    const { method, url, status, bytes } = ACCESS.exec(line)?.groups ?? {}
    if (method === undefined || url === undefined || url.includes(PROBE)) return []
    return [{ method, url, status: Number(status), bytes: Number(bytes) }]
  })
}
