import { decodeText } from '@drayage/bytes'

import { isRecord } from './codec.ts'
import { MAX_JSON_DEPTH } from '../limits.ts'
import { scanJson, withKnownNames, type JsonFault, type KeyRules, type ReadNamesOptions } from './scan-json.ts'

/** A JSON object, or why the bytes are not an unambiguous one. */
export type ParsedObject =
  | { readonly ok: true; readonly value: Readonly<Record<string, unknown>> }
  | {
      readonly ok: false
      readonly kind: 'syntax' | JsonFault['kind']
      readonly found: string
      readonly wanted: string
      readonly cause?: unknown
    }

/** Parses bytes as a JSON object that every reader understands in the same way, or every one that reads names as Go does. */
export function parseObject(bytes: Uint8Array, rules: KeyRules, options: ReadNamesOptions = {}): ParsedObject {
  let text: string
  try {
    text = decodeText(bytes)
  } catch (cause) {
    return { ok: false, kind: 'syntax', found: 'bytes that are not UTF-8', wanted: 'JSON', cause }
  }
  const fault = scanJson(text, rules, MAX_JSON_DEPTH, options)
  if (fault?.kind === 'nesting') return { ok: false, ...fault }
  let value: unknown
  try {
    value = JSON.parse(text)
    if (options.anyCase === true) value = withKnownNames(value, rules)
  } catch (cause) {
    return { ok: false, kind: 'syntax', found: 'text that is not JSON', wanted: 'JSON', cause }
  }
  if (fault !== undefined) return { ok: false, ...fault }
  if (!isRecord(value)) return { ok: false, kind: 'syntax', found: 'another JSON value', wanted: 'an object' }
  return { ok: true, value }
}
