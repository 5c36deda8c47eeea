/**
 * A registry that misbehaves on purpose, to test clients with: faults as plain data, in front of any handler.
 *
 * @packageDocumentation
 */
export type { ConnectionFault } from './errors.ts'
export type { Fault, FaultMatch, FaultOf, FaultParameters, FaultTarget } from './faults/fault.ts'
export type { FaultSleep } from './faults/fault-call.ts'
export type { FaultKind } from './faults/kinds.ts'
export type { FaultPoint } from './faults/points.ts'
export type { FaultEvent, WithFaultsOptions } from './faults/with-faults.ts'

export { ConnectionFaultError } from './errors.ts'
export { parseFaults } from './faults/parse-faults.ts'
export { FAULT_KINDS } from './faults/kinds.ts'
export { FAULT_POINTS } from './faults/points.ts'
export { seededRandom } from './faults/due-faults.ts'
export { withFaults } from './faults/with-faults.ts'
