import type { FaultKind } from './kinds.ts'
import { type FaultPoint, isFaultPoint } from './points.ts'

/** What a value must be. */
export interface ValueRule {
  readonly type: 'number' | 'string' | 'boolean' | 'object'
  /** In words, for messages. */
  readonly wanted: string
  readonly isGood: (value: unknown) => boolean
}

/** What the parameters of a kind must be. */
export interface KindRule {
  /** Where it can happen; everywhere by default. */
  readonly points?: readonly FaultPoint[]
  readonly required?: readonly string[]
  readonly parameters?: Readonly<Record<string, ValueRule>>
}

const integer = (from: number, to: number = Number.MAX_SAFE_INTEGER): ValueRule => ({
  type: 'number',
  wanted: to === Number.MAX_SAFE_INTEGER ? `an integer from ${from}` : `an integer from ${from} to ${to}`,
  isGood: (value) => typeof value === 'number' && Number.isSafeInteger(value) && value >= from && value <= to,
})

const oneOf = (...values: readonly (string | number)[]): ValueRule => ({
  type: typeof values[0] === 'number' ? 'number' : 'string',
  wanted: `one of ${values.join(', ')}`,
  isGood: (value) => values.some((each) => each === value),
})

const change: ValueRule = {
  type: 'number',
  wanted: 'an integer other than 0',
  isGood: (value) => Number.isSafeInteger(value) && value !== 0,
}
const text: ValueRule = { type: 'string', wanted: 'text', isGood: (value) => typeof value === 'string' && value !== '' }
const flag: ValueRule = { type: 'boolean', wanted: 'true or false', isGood: (value) => typeof value === 'boolean' }
const origin: ValueRule = {
  type: 'string',
  wanted: 'an origin such as http://127.0.0.1:5001',
  isGood: (value) => typeof value === 'string' && /^https?:/.test(value) && URL.canParse(value),
}
const headers: ValueRule = {
  type: 'object',
  wanted: 'text by names in lower case',
  isGood: (value) =>
    typeof value === 'object' &&
    value !== null &&
    Object.entries(value).every(([name, each]) => /^[a-z0-9-]+$/.test(name) && typeof each === 'string'),
}
const point: ValueRule = {
  type: 'string',
  wanted: 'a point, several of them, or any',
  isGood: (value) =>
    value === 'any' || isFaultPoint(value) || (Array.isArray(value) && value.length > 0 && value.every(isFaultPoint)),
}

/** The rules of the fields that every fault has, except `match`. */
export const TARGET_RULES: Readonly<Record<string, ValueRule>> = {
  point,
  times: {
    type: 'number',
    wanted: 'an integer from 1, or always',
    isGood: (value) => value === 'always' || (Number.isSafeInteger(value) && Number(value) >= 1),
  },
  after: integer(0),
  probability: {
    type: 'number',
    wanted: 'a number above 0 and up to 1',
    isGood: (value) => typeof value === 'number' && value > 0 && value <= 1,
  },
}

/** The rules of the fields of `match`. */
export const MATCH_RULES: Readonly<Record<string, ValueRule>> = {
  repository: text,
  reference: text,
  method: text,
  ranged: flag,
}

const DOWNLOADS = ['config-get', 'blob-get'] as const
const UPLOAD_ANSWERS = ['upload-post', 'upload-patch', 'upload-get', 'mount-post'] as const
const HEADS = ['manifest-head-tag', 'manifest-head-digest', 'blob-head'] as const
const afterBytes = { afterBytes: integer(0) }
const status = { status: oneOf(307, 301, 302, 303, 308) }

/** The rules of each kind. */
export const KIND_RULES: Readonly<Record<FaultKind, KindRule>> = {
  'expired-token': { parameters: { challenge: text } },
  forbidden: {},
  'not-found': {},
  'rate-limited': { parameters: { retryAfterSeconds: integer(0), form: oneOf('seconds', 'date', 'none') } },
  'server-error': { parameters: { status: oneOf(500, 502, 503, 504) } },
  'too-large': { required: ['bytes'], parameters: { bytes: integer(0) } },
  'range-not-satisfiable': {},
  status: { required: ['status'], parameters: { status: integer(200, 599), code: text, headers } },
  html: {},
  'head-unsupported': { points: HEADS },
  redirect: { required: ['to'], parameters: { ...status, to: text } },
  'redirect-origin': { required: ['origin'], parameters: { ...status, origin } },
  'redirect-loop': { parameters: status },
  'token-life': { points: ['token'], required: ['lifeMs'], parameters: { lifeMs: integer(0), announce: flag } },
  'body-reset': { parameters: afterBytes },
  'reset-every': { parameters: { parts: integer(2), bytes: integer(1) } },
  'body-stall': { parameters: afterBytes },
  'body-drip': { parameters: { ...afterBytes, bytes: integer(1), everyMs: integer(0) } },
  'bit-flip': { parameters: { atByte: integer(0) } },
  'body-short': { parameters: afterBytes },
  'body-long': { parameters: { bytes: integer(1) } },
  'wrong-size': { parameters: { by: change } },
  'range-ignored': { points: DOWNLOADS },
  'range-shifted': { points: DOWNLOADS, parameters: { by: change, honest: flag } },
  'range-wrong-total': { points: DOWNLOADS, parameters: { by: change } },
  'no-content-range': { points: DOWNLOADS },
  'no-digest': {},
  'wrong-digest': { parameters: { digest: text } },
  'no-content-length': {},
  'no-range': { points: UPLOAD_ANSWERS },
  'created-on-patch': { points: ['upload-patch'] },
  location: {
    points: [...UPLOAD_ANSWERS, 'upload-put', 'manifest-put'],
    required: ['form'],
    parameters: { form: oneOf('path', 'relative', 'absolute', 'foreign'), origin, query: text },
  },
  'tags-null': { points: ['tags-list'] },
  'header-flood': { parameters: { headers: integer(1, 100_000) } },
  'session-lost': { points: ['upload-patch', 'upload-put', 'upload-get'] },
  'answer-lost': {},
  'mount-declined': { points: ['mount-post'] },
  'digest-refused': { points: ['upload-post', 'upload-put', 'manifest-put'] },
  'reset-before-headers': {},
  'close-before-headers': {},
  'stall-before-headers': {},
  'reset-after-headers': {},
  'chunked-truncated': { parameters: afterBytes },
  'bad-chunk-size': { parameters: afterBytes },
  'duplicate-content-length': {},
}
