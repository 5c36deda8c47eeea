import { readFile } from 'node:fs/promises'
import os from 'node:os'

import type { HttpResponse } from '@drayage/content'
import { hostPlatform, listImages, type Runtime } from '@drayage/runtime'

import type { Exchange } from '../exchange.ts'
import { jsonResponse } from '../respond.ts'

/** What a daemon without containers has of them. */
const WITHOUT_CONTAINERS = {
  Containers: 0,
  ContainersRunning: 0,
  ContainersPaused: 0,
  ContainersStopped: 0,
  MemoryLimit: false,
  SwapLimit: false,
  CpuCfsPeriod: false,
  CpuCfsQuota: false,
  CPUShares: false,
  CPUSet: false,
  PidsLimit: false,
  IPv4Forwarding: false,
  OomKillDisable: false,
  NFd: 0,
  NGoroutines: 0,
  NEventsListener: 0,
  LoggingDriver: '',
  CgroupDriver: 'none',
  Plugins: { Volume: [], Network: [], Authorization: null, Log: [] },
  GenericResources: null,
  Labels: [],
  ExperimentalBuild: false,
  Runtimes: {},
  DefaultRuntime: '',
  LiveRestoreEnabled: false,
  Isolation: '',
  InitBinary: '',
  ContainerdCommit: { ID: '' },
  RuncCommit: { ID: '' },
  InitCommit: { ID: '' },
  SecurityOptions: [],
  // Without any, the docker command makes up its own from what is false above.
  Warnings: ['WARNING: drayd moves and keeps images: it runs no containers'],
  Swarm: {
    NodeID: '',
    NodeAddr: '',
    LocalNodeState: 'inactive',
    ControlAvailable: false,
    Error: '',
    RemoteManagers: null,
  },
}

/** `GET /info` */
export async function infoAction({ runtime, facts, request }: Exchange): Promise<HttpResponse> {
  const { architecture } = hostPlatform()
  const images = await listImages(runtime, { signal: request.signal })
  return jsonResponse({
    ...WITHOUT_CONTAINERS,
    ID: facts.id,
    Images: images.length,
    Driver: 'drayage',
    DriverStatus: [['Layers', 'kept compressed, as they came']],
    Debug: false,
    SystemTime: new Date().toISOString(),
    KernelVersion: os.release(),
    OperatingSystem: await operatingSystem(),
    OSVersion: '',
    OSType: 'linux',
    Architecture: MACHINES.get(architecture) ?? architecture,
    IndexServerAddress: 'https://index.docker.io/v1/',
    RegistryConfig: await registryConfig(runtime),
    NCPU: os.availableParallelism(),
    MemTotal: os.totalmem(),
    DockerRootDir: runtime.storeDirectory,
    HttpProxy: '',
    HttpsProxy: '',
    NoProxy: '',
    Name: facts.hostName,
    ServerVersion: facts.version,
  })
}

/** Docker Engine has IP ranges and hosts of insecure registries in different places. */
async function registryConfig({ registries }: Runtime): Promise<object> {
  const { insecureRegistries, ...settings } = await registries.settings()
  const mirrors = settings.mirrors.map((url) => (url.endsWith('/') ? url : `${url}/`))
  const hub = { Name: 'docker.io', Mirrors: mirrors, Secure: true, Official: true }
  const hosts = insecureRegistries.filter((each) => !each.includes('/'))
  return {
    InsecureRegistryCIDRs: [
      ...new Set(['127.0.0.0/8', '::1/128', ...insecureRegistries.filter((each) => each.includes('/'))]),
    ],
    IndexConfigs: Object.fromEntries([
      ['docker.io', hub],
      ...hosts.map((Name) => [Name, { Name, Mirrors: [], Secure: false, Official: false }]),
    ]),
    Mirrors: mirrors,
  }
}

/** What the system calls itself. @see os-release(5) */
async function operatingSystem(): Promise<string> {
  try {
    const text = await readFile('/etc/os-release', 'utf8')
    return /^PRETTY_NAME="?([^"\n]*)/m.exec(text)?.[1] ?? os.type()
  } catch {
    return os.type()
  }
}

/** The names that `uname -m` has for machines. */
const MACHINES: ReadonlyMap<string, string> = new Map([
  ['amd64', 'x86_64'],
  ['arm64', 'aarch64'],
])
