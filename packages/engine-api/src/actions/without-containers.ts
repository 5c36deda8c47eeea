import type { HttpResponse } from '@drayage/content'

import { EngineRequestError } from '../errors.ts'
import type { Exchange } from '../exchange.ts'
import { jsonResponse } from '../respond.ts'
import type { Action } from '../route.ts'

/** The answer of a daemon that has none of what is asked for. */
export function always(value: unknown): Action {
  return async (): Promise<HttpResponse> => jsonResponse(value)
}

/** Says that there is nothing of this name, in Docker Engine's words for the kind. */
export function noSuch(message: (name: string) => string): Action {
  return async ({ name }: Exchange): Promise<HttpResponse> => {
    throw new EngineRequestError(404, message(name))
  }
}

/** The answer of a daemon that is no part of a swarm. */
export async function noSwarm(): Promise<HttpResponse> {
  const advice = 'Use "docker swarm init" or "docker swarm join" to connect this node to swarm and try again.'
  throw new EngineRequestError(503, `This node is not a swarm manager. ${advice}`)
}

/** The answer to all that a daemon without containers does not do. */
export async function notServed(): Promise<HttpResponse> {
  throw new EngineRequestError(501, 'drayd moves and keeps images: it runs no containers and builds no images')
}
