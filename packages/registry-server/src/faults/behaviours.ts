import type { HttpResponse } from '@drayage/content'

import { answerFaults } from './answer-faults.ts'
import { bodyFaults } from './body-faults.ts'
import { connectionFaults } from './connection-faults.ts'
import type { FaultBehaviours, FaultCall } from './fault-call.ts'
import type { FaultOf } from './fault.ts'
import { headerFaults } from './header-faults.ts'
import type { FaultKind } from './kinds.ts'
import { rangeFaults } from './range-faults.ts'
import { resetEvery } from './reset-every.ts'
import { tokenLife } from './token-faults.ts'

const BEHAVIOURS: FaultBehaviours<FaultKind> = {
  ...answerFaults,
  ...bodyFaults,
  ...connectionFaults,
  ...headerFaults,
  ...rangeFaults,
  'reset-every': resetEvery,
  'token-life': tokenLife,
}

/** Applies a fault to a request. */
export function applyFault<K extends FaultKind>(fault: FaultOf<K>, call: FaultCall): Promise<HttpResponse> {
  const kind: K = fault.kind
  return BEHAVIOURS[kind](fault, call)
}
