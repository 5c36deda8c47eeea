import { quote } from '@drayage/bytes'

/** The known members of an object, and the rules of its nested objects. Made by {@link keyRules}. */
export interface KeyRules {
  /** Known names by their folded form. */
  readonly folded: ReadonlyMap<string, string>
  /** Rules for the object, or the objects in the array, under a member. */
  readonly nested: ReadonlyMap<string, KeyRules>
}

/** What {@link scanJson} found. */
export interface JsonFault {
  /** `nesting` is a matter of size; the others make a document mean different things to different readers. */
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

/** How strictly names of members are read. */
export interface ReadNamesOptions {
  /** Whether a known member may be written in any case, though not twice; `false` by default. */
  readonly anyCase?: boolean | undefined
}

/**
 * Finds what a JSON parser hides: a duplicate member, a member that differs from a known one only by case, and nesting
 * deeper than `maxDepth`. Takes time linear in the length. Text that is not JSON may pass, because only strings and brackets
 * are looked at.
 */
export function scanJson(
  text: string,
  rules: KeyRules,
  maxDepth: number,
  { anyCase = false }: ReadNamesOptions = {},
): JsonFault | undefined {
  const stack: Open[] = []
  let next: KeyRules | undefined = rules
  for (let index = 0; index < text.length; index++) {
    switch (text.charCodeAt(index)) {
      case QUOTE: {
        const end = endOfString(text, index)
        const open = stack.at(-1)
        if (open?.members !== undefined && isKey(text, end)) {
          const key = decodeKey(text.slice(index, end))
          const known = anyCase ? knownName(key, open.rules) : key
          const fault = checkMember(open.members, open.rules, known)
          if (fault !== undefined) return fault
          next = open.rules?.nested.get(known)
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

/** The name of the known member that `key` is when case is ignored; `key` itself for others. */
function knownName(key: string, rules: KeyRules | undefined): string {
  return rules?.folded.get(fold(key)) ?? key
}

/** A parsed value with its known members under their own names, in whatever case they were written. */
export function withKnownNames(value: unknown, rules: KeyRules | undefined): unknown {
  if (rules === undefined || typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((item) => withKnownNames(item, rules))
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => {
      const name = knownName(key, rules)
      return [name, withKnownNames(member, rules.nested.get(name))]
    }),
  )
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

/** A key as seen by a reader that replaces lone surrogates; text that is not a JSON string stands for itself. */
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
