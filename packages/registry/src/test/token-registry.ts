import type { HttpClient, HttpRequest, HttpResponse } from '@drayage/content'

import { createRegistryClient, type RegistryClientOptions } from '../client.ts'
import type { Credentials } from '../auth/credentials.ts'
import type { RegistryEvent } from '../events.ts'
import type { RepositoryClient } from '../repository-client.ts'
import { answer, listOf, refusal } from './image-registry.ts'

/** A registry at `registry.example` whose tags want a token of `auth.registry.example`, both scripted by the test. */
export interface TokenRegistry {
  readonly repository: RepositoryClient
  readonly requests: HttpRequest[]
  readonly events: RegistryEvent[]
  /** The requests to the token server. */
  tokenRequests(): HttpRequest[]
  tags(): Promise<string[]>
}

/** What a test says about a registry with tokens. */
export interface TokenRegistryOptions extends Partial<RegistryClientOptions> {
  readonly login?: Credentials
  readonly challenge?: string
  /** What the token server answers; a token of the request's number by default. */
  readonly token?: (request: HttpRequest, count: number) => HttpResponse | Promise<HttpResponse>
  /** Whether a token is good; every one by default. */
  readonly accepts?: (token: string) => boolean
  /** Other answers of the registry. */
  readonly registry?: (request: HttpRequest) => HttpResponse | undefined
}

export const CHALLENGE = 'Bearer realm="https://auth.registry.example/token",service="registry.example"'
export const TAGS = (): HttpResponse => answer(200, { 'content-type': 'application/json' }, '{"tags":["v1"]}')

/** The answer of a token server. */
export function tokenAnswer(value: unknown): HttpResponse {
  return answer(200, { 'content-type': 'application/json' }, JSON.stringify(value))
}

/** Starts it. */
export function tokenRegistry(options: TokenRegistryOptions = {}): TokenRegistry {
  const { login, challenge = CHALLENGE, accepts = () => true } = options
  const token = options.token ?? ((_, count) => tokenAnswer({ token: `t${count}` }))
  const requests: HttpRequest[] = []
  const events: RegistryEvent[] = []
  const tokenRequests = (): HttpRequest[] => requests.filter(({ url }) => new URL(url).pathname === '/token')
  const http: HttpClient = async (request) => {
    requests.push(request)
    if (new URL(request.url).pathname === '/token') return await token(request, tokenRequests().length)
    const scripted = options.registry?.(request)
    if (scripted !== undefined) return scripted
    const bearer = /^Bearer (.+)$/.exec(request.headers['authorization'] ?? '')?.[1]
    if (bearer !== undefined && accepts(bearer)) return TAGS()
    return refusal(401, 'UNAUTHORIZED', { 'www-authenticate': challenge })
  }
  const client = createRegistryClient({
    http,
    onEvent: (event) => events.push(event),
    ...(login !== undefined && { credentials: async () => login }),
    ...options,
  })
  const repository = client.repository('registry.example/repo')
  return { repository, requests, events, tokenRequests, tags: () => listOf(repository.tags()) }
}
