import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'

import { findPeer } from './find-peer.ts'
import { run, type RunOptions, type RunResult } from './run.ts'
import { startProgram, type Program } from './start-program.ts'
import { tempDir, type TempDir } from '../temp-dir.ts'

/** How to start a Docker daemon. */
export interface StartDockerdOptions {
  /** Where it keeps its data, its config and `dockerd.log`; kept when it ends. */
  readonly directory: string
  /** URLs of mirrors of Docker Hub. */
  readonly registryMirrors?: readonly string[]
  /** Registries to talk to without TLS, besides those of the loopback interface. */
  readonly insecure?: readonly string[]
  /** How layers are kept; `vfs` by default, which works everywhere and is slow. */
  readonly storageDriver?: 'vfs' | 'overlay2'
  /** More arguments. */
  readonly args?: readonly string[]
}

/** A running Docker daemon. */
export interface Dockerd extends Program {
  /** The path of its socket. */
  readonly socket: string
  readonly logFile: string
  /** Runs the `docker` command against it, with an empty configuration. */
  docker(args: readonly string[], options?: RunOptions): Promise<RunResult>
}

/**
 * Starts a Docker daemon apart from any other one: own data, own containerd, no network. It needs
 * root and an installed `dockerd`, `containerd` and `docker`; it can move images but need not be able to run them.
 */
export async function startDockerd(options: StartDockerdOptions): Promise<Dockerd> {
  const command = findPeer('dockerd')
  const client = findPeer('docker')
  if (command === undefined || client === undefined) {
    throw new Error('Cannot start a Docker daemon: found no dockerd or no docker, expected both installed')
  }
  // Paths of sockets must be short.
  const runtime = await tempDir('dockerd-')
  const socket = path.join(runtime.path, 'docker.sock')
  const logFile = path.join(options.directory, 'dockerd.log')
  const config = await writeConfig(options, runtime.path)
  const docker: Dockerd['docker'] = (args, runOptions = {}) =>
    run(client, args, {
      ...runOptions,
      env: {
        DOCKER_HOST: `unix://${socket}`,
        DOCKER_CONFIG: runtime.path,
        DOCKER_CONTEXT: undefined,
        ...runOptions.env,
      },
    })
  try {
    const daemon = await startProgram({
      command,
      args: ['--config-file', config, '-H', `unix://${socket}`, ...(options.args ?? [])],
      logFile,
      isReady: async () => (await docker(['version'])).code === 0,
    })
    return { ...withCleanUp(daemon, runtime), socket, logFile, docker }
  } catch (error) {
    await runtime[Symbol.asyncDispose]()
    throw error
  }
}

async function writeConfig(options: StartDockerdOptions, runtime: string): Promise<string> {
  const data = path.join(options.directory, 'data')
  await mkdir(data, { recursive: true })
  const file = path.join(options.directory, 'daemon.json')
  const config = {
    'data-root': data,
    'exec-root': path.join(runtime, 'exec'),
    pidfile: path.join(runtime, 'docker.pid'),
    'storage-driver': options.storageDriver ?? 'vfs',
    bridge: 'none',
    iptables: false,
    ip6tables: false,
    'registry-mirrors': options.registryMirrors ?? [],
    'insecure-registries': options.insecure ?? [],
  }
  await writeFile(file, JSON.stringify(config))
  return file
}

function withCleanUp(daemon: Program, runtime: TempDir): Program {
  const stop = async (): Promise<void> => {
    await daemon.stop()
    await runtime[Symbol.asyncDispose]()
  }
  return { ...daemon, stop, [Symbol.asyncDispose]: stop }
}
