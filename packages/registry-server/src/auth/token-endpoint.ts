import { collect, decodeText, fromBytes, isBytesError } from '@drayage/bytes'
import { type HttpRequest, type HttpResponse, jsonResponse } from '@drayage/content'

import { type Access, type Allow, parseScopes } from './access.ts'
import { refusalResponse } from '../handler/refusal.ts'
import type { TokenKeeper } from './token-keeper.ts'
import { isLogin, parseBasic, type Users } from './users.ts'

/** Options of {@link answerToken}. */
export interface TokenEndpointOptions {
  readonly users: Users
  readonly allow: Allow
  readonly lifeMs: number
  readonly now: () => number
  readonly tokens: TokenKeeper
  readonly identityTokens: TokenKeeper
}

/** The most bytes of a token request's form. */
const MAX_FORM_BYTES = 65_536
/** How long an identity token lives: 30 days. */
const IDENTITY_LIFE_MS = 30 * 24 * 60 * 60 * 1000

interface Asked {
  readonly user: string | undefined
  readonly scopes: readonly string[]
  readonly wantsIdentityToken: boolean
}

/**
 * Answers a request for a token: GET with scopes in the query and Basic credentials or none, and POST with a form of
 * grant type `password` or `refresh_token`.
 *
 * @see Docker Registry v2 authentication, "Requesting a Token"; "Docker Registry v2 OAuth2"
 */
export async function answerToken(options: TokenEndpointOptions, request: HttpRequest): Promise<HttpResponse> {
  if (request.method !== 'GET' && request.method !== 'POST') {
    const headers = { allow: 'GET, POST' }
    return refusalResponse({ status: 405, specCode: 'UNSUPPORTED', message: 'the operation is unsupported', headers })
  }
  const asked = request.method === 'GET' ? await readQuery(options, request) : await readForm(options, request)
  if (asked === undefined) {
    return refusalResponse({ status: 401, specCode: 'UNAUTHORIZED', message: 'the credentials are not valid' })
  }
  const access: Access[] = []
  for (const wanted of parseScopes(asked.scopes)) if (await options.allow(asked.user, wanted)) access.push(wanted)
  const token = await options.tokens.issue({ user: asked.user, access }, options.lifeMs)
  const identity =
    asked.wantsIdentityToken && asked.user !== undefined
      ? { refresh_token: await options.identityTokens.issue({ user: asked.user, access: [] }, IDENTITY_LIFE_MS) }
      : {}
  const issuedAt = new Date(options.now()).toISOString()
  return jsonResponse(200, {
    token,
    access_token: token,
    expires_in: Math.floor(options.lifeMs / 1000),
    issued_at: issuedAt,
    ...identity,
  })
}

async function readQuery({ users }: TokenEndpointOptions, request: HttpRequest): Promise<Asked | undefined> {
  const query = new URL(request.url).searchParams
  const header = request.headers['authorization']
  const login = parseBasic(header)
  if (header !== undefined && (login === undefined || !(await isLogin(users, login)))) return undefined
  const wantsIdentityToken = query.get('offline_token') === 'true'
  return { user: login?.username, scopes: query.getAll('scope'), wantsIdentityToken }
}

async function readForm(options: TokenEndpointOptions, request: HttpRequest): Promise<Asked | undefined> {
  const form = await readFields(request)
  if (form === undefined) return undefined
  const scopes = form.getAll('scope')
  if (form.get('grant_type') === 'refresh_token') {
    const grant = await options.identityTokens.read(form.get('refresh_token') ?? '')
    return grant === undefined ? undefined : { user: grant.user, scopes, wantsIdentityToken: true }
  }
  const login = { username: form.get('username') ?? '', password: form.get('password') ?? '' }
  if (form.get('grant_type') !== 'password' || !(await isLogin(options.users, login))) return undefined
  return { user: login.username, scopes, wantsIdentityToken: form.get('access_type') === 'offline' }
}

async function readFields({ body, signal }: HttpRequest): Promise<URLSearchParams | undefined> {
  try {
    return new URLSearchParams(decodeText(await collect(body ?? fromBytes(), { maxBytes: MAX_FORM_BYTES, signal })))
  } catch (error) {
    if (isBytesError(error) || error instanceof TypeError) return undefined
    throw error
  }
}
