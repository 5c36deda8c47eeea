import type { Fault } from './fault.ts'
import { type KindRule, KIND_RULES, MATCH_RULES, TARGET_RULES, type ValueRule } from './fault-rules.ts'
import type { FaultKind } from './kinds.ts'
import type { FaultPoint } from './points.ts'

/** The most characters of a wrong value that a message shows. */
const MAX_SHOWN = 80

/**
 * Reads faults from data that may come from anywhere, such as JSON, and gives a copy.
 *
 * @throws TypeError when a field is missing, unknown, of another type, or its kind cannot happen at its point
 * @throws RangeError when a number or name is not allowed
 */
export function parseFaults(value: unknown): readonly Fault[] {
  if (!Array.isArray(value)) throw new TypeError(`Cannot use faults: ${shown(value)} is not a list`)
  return value.map((each: unknown, index) => {
    checkFault(each, index)
    return structuredClone(each)
  })
}

function checkFault(value: unknown, index: number): asserts value is Fault {
  if (!isRecord(value)) throw wrongType(`fault ${index}`, `it is ${shown(value)}`, 'an object')
  const { kind, match } = value
  const name = `fault ${index}`
  if (!isKind(kind)) throw new RangeError(`Cannot use ${name}: kind is ${shown(kind)}, expected one of FAULT_KINDS`)
  const rule: KindRule = KIND_RULES[kind]
  const title = `${name} "${kind}"`
  const rules = { ...TARGET_RULES, ...rule.parameters }
  for (const needed of ['point', ...(rule.required ?? [])]) {
    if (value[needed] === undefined) throw wrongType(title, `${needed} is missing`, rules[needed]?.wanted ?? 'it')
  }
  checkFields(title, value, rules, ['kind', 'match'])
  if (match !== undefined) {
    if (!isRecord(match)) throw wrongType(title, `match is ${shown(match)}`, 'an object')
    checkFields(`${title}, match`, match, MATCH_RULES, [])
  }
  checkPoints(title, value['point'], rule.points)
  checkTogether(title, kind, value)
}

function checkFields(
  title: string,
  fields: Readonly<Record<string, unknown>>,
  rules: Readonly<Record<string, ValueRule>>,
  others: readonly string[],
): void {
  for (const [field, value] of Object.entries(fields)) {
    if (others.includes(field) || value === undefined) continue
    const rule = Object.hasOwn(rules, field) ? rules[field] : undefined
    if (rule === undefined) throw wrongType(title, `it has ${shown(field)}`, `only ${listed(rules, others)}`)
    if (rule.isGood(value)) continue
    const found = `${field} is ${shown(value)}`
    if (typeof value !== rule.type) throw wrongType(title, found, rule.wanted)
    throw new RangeError(`Cannot use ${title}: ${found}, expected ${rule.wanted}`)
  }
}

function checkPoints(title: string, point: unknown, allowed: readonly FaultPoint[] | undefined): void {
  if (allowed === undefined || point === 'any') return
  for (const each of [point].flat()) {
    if (!allowed.some((one) => one === each)) throw wrongType(title, `point is ${shown(each)}`, allowed.join(', '))
  }
}

function checkTogether(title: string, kind: FaultKind, value: Readonly<Record<string, unknown>>): void {
  if (kind === 'reset-every' && (value['parts'] === undefined) === (value['bytes'] === undefined)) {
    const found = value['parts'] === undefined ? 'neither parts nor bytes' : 'parts and bytes'
    throw wrongType(title, `it has ${found}`, 'one of them')
  }
  if (kind === 'location' && (value['form'] === 'foreign') !== (value['origin'] !== undefined)) {
    throw wrongType(title, `form is ${shown(value['form'])}`, 'foreign with an origin, or another without')
  }
}

function isKind(value: unknown): value is FaultKind {
  return typeof value === 'string' && Object.hasOwn(KIND_RULES, value)
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function wrongType(title: string, found: string, wanted: string): TypeError {
  return new TypeError(`Cannot use ${title}: ${found}, expected ${wanted}`)
}

function listed(rules: Readonly<Record<string, ValueRule>>, others: readonly string[]): string {
  return [...others, ...Object.keys(rules)].join(', ')
}

function shown(value: unknown): string {
  const text = typeof value === 'number' ? `${value}` : (JSON.stringify(value) ?? typeof value)
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text
}
