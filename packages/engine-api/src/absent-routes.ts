import { always, noSuch, noSwarm, notServed } from './actions/without-containers.ts'
import type { Route } from './route.ts'

/** What the Engine API has below these is not served. */
const ABSENT = ['build', 'commit', 'containers', 'exec', 'grpc', 'networks', 'plugins', 'session', 'swarm', 'volumes']

const SWARM = ['configs', 'nodes', 'secrets', 'services', 'tasks']

const METHODS = ['GET', 'POST', 'DELETE', 'PUT'] as const

/**
 * Truthful answers about containers, networks, volumes, plugins and swarm, which clients look for on their way to an
 * image: there are none. What would make or change one is refused with a sentence.
 */
export const ABSENT_ROUTES: readonly Route[] = [
  { method: 'GET', path: '/containers/json', action: always([]) },
  { method: 'POST', path: '/containers/prune', action: always({ ContainersDeleted: null, SpaceReclaimed: 0 }) },
  { method: 'GET', path: '/containers/{name}/json', action: noSuch((name) => `No such container: ${name}`) },
  { method: 'GET', path: '/networks', action: always([]) },
  { method: 'POST', path: '/networks/prune', action: always({ NetworksDeleted: null }) },
  { method: 'GET', path: '/networks/{name}', action: noSuch((name) => `network ${name} not found`) },
  { method: 'GET', path: '/volumes', action: always({ Volumes: [], Warnings: null }) },
  { method: 'POST', path: '/volumes/prune', action: always({ VolumesDeleted: null, SpaceReclaimed: 0 }) },
  { method: 'GET', path: '/volumes/{name}', action: noSuch((name) => `get ${name}: no such volume`) },
  { method: 'GET', path: '/plugins', action: always([]) },
  { method: 'GET', path: '/plugins/{name}/json', action: noSuch((name) => `plugin "${name}" not found`) },
  { method: 'POST', path: '/build/prune', action: always({ CachesDeleted: null, SpaceReclaimed: 0 }) },
  ...['/swarm', ...SWARM.flatMap((kind) => [`/${kind}`, `/${kind}/{name}`])].flatMap((path) =>
    METHODS.map((method): Route => ({ method, path, action: noSwarm })),
  ),
  ...ABSENT.flatMap((kind) => [`/${kind}`, `/${kind}/{name}`]).flatMap((path) =>
    METHODS.map((method): Route => ({ method, path, action: notServed })),
  ),
]
