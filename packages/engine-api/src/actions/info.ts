import { access, readFile } from 'node:fs/promises'
import os from 'node:os'

import { jsonResponse, type HttpResponse } from '@drayage/content'
import { hostPlatform, listImages, type Runtime } from '@drayage/runtime'

import { isFrom, type ApiVersion } from '../http/api-version.ts'
import type { Exchange } from '../exchange.ts'

/** What a daemon without containers reports about containers. */
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
  Plugins: { Volume: [], Network: [], Authorization: [], Log: [] },
  GenericResources: [],
  Labels: [],
  ExperimentalBuild: false,
  Runtimes: {},
  DefaultRuntime: '',
  LiveRestoreEnabled: false,
  Isolation: '',
  InitBinary: '',
  SecurityOptions: [],
  // Without a warning, the docker command derives its own from the values above.
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

/**
 * `GET /info`. `Containerd`, `FirewallBackend`, `DiscoveredDevices` and `NRI` are absent, as Docker Engine leaves them out
 * where there is none.
 */
export async function infoAction({ runtime, facts, version, request }: Exchange): Promise<HttpResponse> {
  const { architecture } = hostPlatform()
  const images = await listImages(runtime, { signal: request.signal })
  return jsonResponse(200, {
    ...WITHOUT_CONTAINERS,
    ...membersOf(version),
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
    ...(isFrom(version, 41) ? { CgroupVersion: await cgroupVersion() } : {}),
    RegistryConfig: { ...(await registryConfig(runtime)), ...(isFrom(version, 47) ? {} : NO_FOREIGN_LAYERS) },
    NCPU: os.availableParallelism(),
    MemTotal: os.totalmem(),
    DockerRootDir: runtime.store.location,
    HttpProxy: '',
    HttpsProxy: '',
    NoProxy: '',
    Name: facts.hostName,
    ServerVersion: facts.version,
  })
}

/** What older versions say of the layers that are not pushed. */
const NO_FOREIGN_LAYERS = {
  AllowNondistributableArtifactsCIDRs: [],
  AllowNondistributableArtifactsHostnames: [],
}

/** What depends on the version of the API. */
function membersOf(version: ApiVersion): object {
  const commit = isFrom(version, 49) ? { ID: '' } : { ID: '', Expected: '' }
  return {
    ...{ ContainerdCommit: commit, RuncCommit: commit, InitCommit: commit },
    ...(isFrom(version, 44) ? { CDISpecDirs: [] } : {}),
    ...(isFrom(version, 50) ? {} : { BridgeNfIptables: false, BridgeNfIp6tables: false }),
  }
}

/** The version of the machine's control groups: 2 has one hierarchy. @see cgroups(7) */
async function cgroupVersion(): Promise<'1' | '2'> {
  try {
    await access('/sys/fs/cgroup/cgroup.controllers')
    return '2'
  } catch {
    return '1'
  }
}

/** Docker Engine lists insecure registries in two places: IP ranges and hosts. */
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

/** The name of the operating system. @see os-release(5) */
async function operatingSystem(): Promise<string> {
  try {
    const text = await readFile('/etc/os-release', 'utf8')
    return /^PRETTY_NAME="?([^"\n]*)/m.exec(text)?.[1] ?? os.type()
  } catch {
    return os.type()
  }
}

/** The names of architectures in `uname -m`. */
const MACHINES: ReadonlyMap<string, string> = new Map([
  ['amd64', 'x86_64'],
  ['arm64', 'aarch64'],
])
