import { jsonResponse, type HttpResponse } from '@drayage/content'

import { EngineRequestError } from '../errors.ts'
import type { Exchange } from '../exchange.ts'
import { BRIDGE_ID, listNetworks, showBridge } from './bridge-network.ts'
import type { Action, Route } from './route.ts'

const SWARM = ['configs', 'nodes', 'secrets', 'services', 'tasks']

const METHODS = ['GET', 'POST', 'DELETE', 'PUT'] as const

/** What is asked of a container, an exec, a network, a volume or a plugin by its name. */
const NAMED: readonly (readonly [Route['method'], path: string, message: (name: string) => string])[] = [
  ...named('/containers/{name}', 'GET', 'archive attach/ws changes export json logs stats top', noSuchContainer),
  ...named('/containers/{name}', 'POST', 'attach exec kill pause rename resize restart', noSuchContainer),
  ...named('/containers/{name}', 'POST', 'start stop unpause update wait', noSuchContainer),
  ...named('/containers/{name}', 'PUT', 'archive', noSuchContainer),
  ['DELETE', '/containers/{name}', noSuchContainer],
  ...named('/exec/{name}', 'GET', 'json', noSuchExec),
  ...named('/exec/{name}', 'POST', 'resize start', noSuchExec),
  ['GET', '/networks/{name}', noSuchNetwork],
  ['DELETE', '/networks/{name}', noSuchNetwork],
  ...named('/networks/{name}', 'POST', 'connect disconnect', noSuchNetwork),
  ['GET', '/volumes/{name}', noSuchVolume],
  ['DELETE', '/volumes/{name}', noSuchVolume],
  ['PUT', '/volumes/{name}', noSuchVolume],
  ...named('/plugins/{name}', 'GET', 'json', noSuchPlugin),
  ...named('/plugins/{name}', 'POST', 'disable enable push set upgrade', noSuchPlugin),
  ['DELETE', '/plugins/{name}', noSuchPlugin],
]

/** What makes something that there is none of here. */
const MAKING = [
  ...['/build', '/build/cancel', '/commit', '/containers/create', '/grpc', '/networks/create', '/plugins/create'],
  ...['/plugins/pull', '/session', '/swarm/init', '/swarm/join', '/volumes/create'],
]

/** The answer to everything that needs containers or builds. */
const notServed = refused(501, 'drayd moves and keeps images: it runs no containers and builds no images')

/** The answer to everything of podman's own API but its ping. */
const noPodman = refused(501, 'drayd serves the Docker Engine API and not the one of podman: ask it with docker')

/** The answer of a daemon that is not part of a swarm. */
const noSwarm = refused(
  503,
  'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this node to swarm and try again.',
)

/**
 * Answers for containers, networks, volumes, plugins and swarm, which clients ask for on their way to an image: there are
 * none but the network `bridge`, and creating one is refused.
 */
export const ABSENT_ROUTES: readonly Route[] = [
  { method: 'GET', path: '/containers/json', action: always([]) },
  {
    ...{ method: 'POST', path: '/containers/prune', from: 25 },
    action: always({ ContainersDeleted: null, SpaceReclaimed: 0 }),
  },
  { method: 'GET', path: '/networks', action: listNetworks },
  { method: 'GET', path: '/networks/', action: listNetworks },
  { method: 'POST', path: '/networks/prune', from: 25, action: always({ NetworksDeleted: null }) },
  { method: 'GET', path: '/networks/bridge', action: showBridge },
  { method: 'GET', path: `/networks/${BRIDGE_ID}`, action: showBridge },
  {
    method: 'DELETE',
    path: '/networks/bridge',
    action: refused(403, 'bridge is a pre-defined network and cannot be removed'),
  },
  { method: 'GET', path: '/volumes', action: always({ Volumes: [], Warnings: [] }) },
  {
    ...{ method: 'POST', path: '/volumes/prune', from: 25 },
    action: always({ VolumesDeleted: null, SpaceReclaimed: 0 }),
  },
  { method: 'GET', path: '/plugins', action: always([]) },
  { method: 'POST', path: '/build/prune', from: 31, action: always({ CachesDeleted: null, SpaceReclaimed: 0 }) },
  { method: 'GET', path: '/plugins/privileges', action: notServed },
  ...MAKING.map((path): Route => ({ method: 'POST', path, action: notServed })),
  ...NAMED.map(([method, path, message]): Route => ({ method, path, action: noSuch(message) })),
  { method: 'POST', path: '/swarm/leave', action: refused(503, 'This node is not part of a swarm') },
  ...['/swarm', '/swarm/{name}', ...SWARM.flatMap((kind) => [`/${kind}`, `/${kind}/{name}`])].flatMap((path) =>
    METHODS.map((method): Route => ({ method, path, action: noSwarm })),
  ),
  ...METHODS.map((method): Route => ({ method, path: '/libpod/{name}', action: noPodman })),
]

function named(
  path: string,
  method: Route['method'],
  actions: string,
  message: (name: string) => string,
): (typeof NAMED)[number][] {
  return actions.split(' ').map((action) => [method, `${path}/${action}`, message])
}

function noSuchContainer(name: string): string {
  return `No such container: ${name}`
}

function noSuchExec(name: string): string {
  return `No such exec instance: ${name}`
}

function noSuchNetwork(name: string): string {
  return `network ${name} not found`
}

function noSuchVolume(name: string): string {
  return `get ${name}: no such volume`
}

function noSuchPlugin(name: string): string {
  return `plugin "${name}" not found`
}

/** The answer of a daemon that has just this. */
function always(value: unknown): Action {
  return async (): Promise<HttpResponse> => jsonResponse(200, value)
}

/** Refuses a name, in Docker Engine's words for the kind. */
function noSuch(message: (name: string) => string): Action {
  return async ({ name }: Exchange): Promise<HttpResponse> => {
    throw new EngineRequestError(404, message(name))
  }
}

function refused(status: number, message: string): Action {
  return async (): Promise<HttpResponse> => {
    throw new EngineRequestError(status, message)
  }
}
