import { quote } from './quote.ts'

/** The members of an object that have a meaning, and where its nested objects are. Made by {@link keyRules}. */
export interface KeyRules {
  /** Known names by their folded form. */
  readonly folded: ReadonlyMap<string, string>
  /** Rules for the object, or the objects in the array, under a member. */
  readonly nested: ReadonlyMap<string, KeyRules>
}

/** What {@link scanJson} found. */
export interface JsonFault {
  /** `nesting` is a matter of size, the others make a document mean different things to different readers. */
  readonly kind: 'duplicate' | 'case' | 'nesting'
  readonly found: string
  readonly wanted: string
}

/** Rules for an object with these known members. */
export function keyRules(known: readonly string[], nested: Readonly<Record<string, KeyRules>> = {}): KeyRules {
  return { folded: new Map(known.map((key) => [fold(key), key])), nested: new Map(Object.entries(nested)) }
}

interface Open {
  /** The members so far; absent in an array. */
  readonly members: Set<string> | undefined
  readonly rules: KeyRules | undefined
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COLON = 0x3a
const COMMA = 0x2c

/**
 * Looks for what a JSON parser hides: an object with a member twice, a member that a reader which ignores case takes for a
 * known one, and nesting deeper than `maxDepth`. Time is linear in the length. Text that is not JSON may pass: all that is
 * needed is that strings and brackets are where they are in JSON.
 */
export function scanJson(text: string, rules: KeyRules, maxDepth: number): JsonFault | undefined {
  const stack: Open[] = []
  let next: KeyRules | undefined = rules
  for (let index = 0; index < text.length; index++) {
    switch (text.charCodeAt(index)) {
      case QUOTE: {
        const end = endOfString(text, index)
        const open = stack.at(-1)
        if (open?.members !== undefined && isKey(text, end)) {
          const key = decodeKey(text.slice(index, end))
          const fault = checkMember(open.members, open.rules, key)
          if (fault !== undefined) return fault
          next = open.rules?.nested.get(key)
        }
        index = end - 1
        break
      }
      case 0x7b: // {
        if (stack.length === maxDepth) return tooDeep(maxDepth)
        stack.push({ members: new Set(), rules: next })
        break
      case 0x5b: // [
        if (stack.length === maxDepth) return tooDeep(maxDepth)
        stack.push({ members: undefined, rules: next })
        break
      case 0x7d: // }
      case 0x5d: // ]
        stack.pop()
        break
      case COMMA: {
        const open = stack.at(-1)
        next = open?.members === undefined ? open?.rules : undefined
      }
    }
  }
  return undefined
}

function tooDeep(maxDepth: number): JsonFault {
  return { kind: 'nesting', found: `more than ${maxDepth} levels of nesting`, wanted: `at most ${maxDepth}` }
}

function checkMember(members: Set<string>, rules: KeyRules | undefined, key: string): JsonFault | undefined {
  if (members.has(key)) return { kind: 'duplicate', found: `member ${quote(key)} twice`, wanted: 'once' }
  members.add(key)
  const known = rules?.folded.get(fold(key))
  if (known === undefined || known === key) return undefined
  return { kind: 'case', found: `member ${quote(key)}`, wanted: quote(known) }
}

/** The offset after the closing quote of the string that opens at `start`. */
function endOfString(text: string, start: number): number {
  for (let index = start + 1; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (code === QUOTE) return index + 1
    if (code === BACKSLASH) index++
  }
  return text.length
}

function isKey(text: string, offset: number): boolean {
  for (let index = offset; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (code !== 0x20 && code !== 0x09 && code !== 0x0a && code !== 0x0d) return code === COLON
  }
  return false
}

/** What a key means to a reader that replaces lone surrogates; text that is no JSON string stands for itself. */
function decodeKey(literal: string): string {
  if (!literal.includes('\\')) return literal.slice(1, -1)
  try {
    const key: unknown = JSON.parse(literal)
    return typeof key === 'string' ? key.toWellFormed() : literal
  } catch {
    return literal
  }
}

/** Equal for names that are equal when case is ignored by Unicode's simple folding, as some JSON readers do. */
function fold(key: string): string {
  return key.replaceAll('\u017f', 's').replaceAll('\u212a', 'k').toLowerCase()
}
