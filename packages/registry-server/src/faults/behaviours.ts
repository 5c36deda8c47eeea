import type { HttpResponse } from '@drayage/content'

import {
  anyStatus,
  digestRefused,
  expiredToken,
  forbidden,
  headUnsupported,
  html,
  notFound,
  rangeNotSatisfiable,
  rateLimited,
  redirects,
  serverError,
  sessionLost,
} from './answer-faults.ts'
import {
  bitFlip,
  bodyDrip,
  bodyLong,
  bodyReset,
  bodyShort,
  bodyStall,
  noContentLength,
  wrongSize,
} from './body-faults.ts'
import {
  answerLost,
  badChunkSize,
  chunkedTruncated,
  closeBeforeHeaders,
  duplicateContentLength,
  resetAfterHeaders,
  resetBeforeHeaders,
  stallBeforeHeaders,
} from './connection-faults.ts'
import type { FaultBehaviour, FaultCall } from './fault-call.ts'
import type { FaultOf } from './fault.ts'
import { createdOnPatch, headerFlood, location, noDigest, noRange, tagsNull, wrongDigest } from './header-faults.ts'
import type { FaultKind } from './kinds.ts'
import { noContentRange, rangeIgnored, rangeShifted, rangeWrongTotal } from './range-faults.ts'
import { resetEvery } from './reset-every.ts'
import { tokenLife } from './token-life.ts'
import { mountDeclined, tooLarge } from './upload-faults.ts'

type Behaviours<K extends FaultKind = FaultKind> = { readonly [P in K]: FaultBehaviour<P> }

const BEHAVIOURS: Behaviours = {
  'expired-token': expiredToken,
  forbidden,
  'not-found': notFound,
  'rate-limited': rateLimited,
  'server-error': serverError,
  'too-large': tooLarge,
  'range-not-satisfiable': rangeNotSatisfiable,
  status: anyStatus,
  html,
  'head-unsupported': headUnsupported,
  ...redirects,
  'token-life': tokenLife,
  'body-reset': bodyReset,
  'reset-every': resetEvery,
  'body-stall': bodyStall,
  'body-drip': bodyDrip,
  'bit-flip': bitFlip,
  'body-short': bodyShort,
  'body-long': bodyLong,
  'wrong-size': wrongSize,
  'range-ignored': rangeIgnored,
  'range-shifted': rangeShifted,
  'range-wrong-total': rangeWrongTotal,
  'no-content-range': noContentRange,
  'no-digest': noDigest,
  'wrong-digest': wrongDigest,
  'no-content-length': noContentLength,
  'no-range': noRange,
  'created-on-patch': createdOnPatch,
  location,
  'tags-null': tagsNull,
  'header-flood': headerFlood,
  'session-lost': sessionLost,
  'answer-lost': answerLost,
  'mount-declined': mountDeclined,
  'digest-refused': digestRefused,
  'reset-before-headers': resetBeforeHeaders,
  'close-before-headers': closeBeforeHeaders,
  'stall-before-headers': stallBeforeHeaders,
  'reset-after-headers': resetAfterHeaders,
  'chunked-truncated': chunkedTruncated,
  'bad-chunk-size': badChunkSize,
  'duplicate-content-length': duplicateContentLength,
}

/** Lets a fault have its way with a request. */
export function applyFault<K extends FaultKind>(fault: FaultOf<K>, call: FaultCall): Promise<HttpResponse> {
  const kind: K = fault.kind
  return BEHAVIOURS[kind](fault, call)
}
