import type { FaultKind } from './kinds.ts'
import type { FaultPoint } from './points.ts'

/** Which of the requests at a point a fault applies to; an absent field matches all. */
export interface FaultMatch {
  /** The repository, in full. */
  readonly repository?: string
  /** The tag or digest that the request names, in its path or as `digest` or `mount` of its query. */
  readonly reference?: string
  /** The HTTP method, in capitals. */
  readonly method?: string
  /** Whether the request has a `Range` or `Content-Range`. */
  readonly ranged?: boolean
}

/** When a fault happens. */
export interface FaultTarget {
  /** One point, several, or `any` of them. */
  readonly point: FaultPoint | readonly FaultPoint[] | 'any'
  /** How often it happens; once by default. */
  readonly times?: number | 'always'
  /** How many matching requests pass before it may happen; 0 by default. */
  readonly after?: number
  /** Its probability for a matching request, above 0 and up to 1, the default. */
  readonly probability?: number
  readonly match?: FaultMatch
}

interface AfterBytes {
  /** How many bytes of the body pass before; 0 by default. Shorter bodies are left alone. */
  readonly afterBytes?: number
}

interface RedirectStatus {
  /** 307 by default. */
  readonly status?: 301 | 302 | 303 | 307 | 308
}

/** The parameters of every kind besides those of {@link FaultTarget}. */
export interface FaultParameters {
  /** `challenge`: the whole `WWW-Authenticate`; by default the registry's own to a ping, with scope and error added. */
  'expired-token': { readonly challenge?: string }
  forbidden: object
  'not-found': object
  /** `retryAfterSeconds`: 1 by default. `form`: of `Retry-After`, `seconds` by default; `none` sends no such header. */
  'rate-limited': { readonly retryAfterSeconds?: number; readonly form?: 'seconds' | 'date' | 'none' }
  /** `status`: 500 by default. */
  'server-error': { readonly status?: 500 | 502 | 503 | 504 }
  /** `bytes`: the most that the proxy takes. */
  'too-large': { readonly bytes: number }
  'range-not-satisfiable': object
  /** `code` of the error in the body, `UNKNOWN` by default, and further `headers`, names in lower case. */
  status: { readonly status: number; readonly code?: string; readonly headers?: Readonly<Record<string, string>> }
  html: object
  'head-unsupported': object
  /** `to`: the `Location`, as it is sent. */
  redirect: RedirectStatus & { readonly to: string }
  /** `origin`: such as `http://127.0.0.1:5001`. */
  'redirect-origin': RedirectStatus & { readonly origin: string }
  'redirect-loop': RedirectStatus
  /** `lifeMs`: from the answer on. `announce`: whether `expires_in` says it, rounded down to seconds; `true` by default. */
  'token-life': { readonly lifeMs: number; readonly announce?: boolean }
  'body-reset': AfterBytes
  /** Exactly one: the `parts` of the whole content, or the `bytes` of each. */
  'reset-every': { readonly parts?: number; readonly bytes?: number }
  'body-stall': AfterBytes
  /** `bytes` at a time, 1 by default, with `everyMs` between them, 10 000 by default. */
  'body-drip': AfterBytes & { readonly bytes?: number; readonly everyMs?: number }
  /** `atByte`: the offset in the body, 0 by default. Shorter bodies are left alone. */
  'bit-flip': { readonly atByte?: number }
  'body-short': AfterBytes
  /** `bytes`: how many more, 1 by default. A server over HTTP/1.1 cannot send them and closes the connection. */
  'body-long': { readonly bytes?: number }
  /** `by`: how many bytes more, or less when it is negative; 1 by default. */
  'wrong-size': { readonly by?: number }
  'range-ignored': object
  /** `by`: how many bytes later, or earlier when negative; 1 by default. `honest`: whether `Content-Range` tells; `true` by default. */
  'range-shifted': { readonly by?: number; readonly honest?: boolean }
  /** `by`: how much larger the total is, or smaller when negative; 1 by default. */
  'range-wrong-total': { readonly by?: number }
  'no-content-range': object
  'no-digest': object
  /** `digest`: `sha256:` and 64 zeros by default. */
  'wrong-digest': { readonly digest?: string }
  'no-content-length': object
  'no-range': object
  'created-on-patch': object
  /**
   * `form`: `path` (from `/`), `relative` (from the request's URL), `absolute` (at the address of the request) or
   * `foreign` (at `origin`). `query`: added to it, such as `_state=abc`.
   */
  location: {
    readonly form: 'path' | 'relative' | 'absolute' | 'foreign'
    readonly origin?: string
    readonly query?: string
  }
  'tags-null': object
  /** `headers`: how many, 2 000 by default, each of about 80 bytes. */
  'header-flood': { readonly headers?: number }
  'session-lost': object
  'answer-lost': object
  'mount-declined': object
  'digest-refused': object
  'reset-before-headers': object
  'close-before-headers': object
  'stall-before-headers': object
  'reset-after-headers': object
  'chunked-truncated': AfterBytes
  'bad-chunk-size': AfterBytes
  'duplicate-content-length': object
}

/** A fault of the kind `K`, by default of any. */
export type FaultOf<K extends FaultKind = FaultKind> = {
  [P in K]: FaultTarget & { readonly kind: P } & FaultParameters[P]
}[K]

/** A fault as plain data, which may come from JSON. */
export type Fault = FaultOf
