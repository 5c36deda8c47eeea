import { quote } from '@drayage/bytes'

import { ChallengeSyntaxError } from '../errors/refusal-errors.ts'

/** One way to authenticate that a server offers. */
export interface Challenge {
  /** In lower case, such as `bearer`. */
  readonly scheme: string
  /** By name in lower case; the first of repeated ones counts. */
  readonly params: ReadonlyMap<string, string>
}

/** The outcome of {@link tryParseChallenges}. */
export type ChallengeResult =
  | { readonly ok: true; readonly value: readonly Challenge[] }
  | { readonly ok: false; readonly error: ChallengeSyntaxError }

const LONGEST = 16 * 1024
const MAX_CHALLENGES = 16

/**
 * Reads a `WWW-Authenticate` header of at most 16 KiB and 16 challenges, several headers joined by commas. Spaces instead of
 * commas between parameters, which some registries send, are accepted.
 *
 * @see RFC 9110, section 11.6.1
 */
export function tryParseChallenges(text: string): ChallengeResult {
  if (text.length > LONGEST) return fail(`${text.length} characters`, `at most ${LONGEST}`, LONGEST)
  const challenges: { readonly scheme: string; readonly params: Map<string, string> }[] = []
  let at = 0
  for (;;) {
    at = skipWhile(text, at, isSeparator)
    if (at >= text.length) return { ok: true, value: challenges }
    const nameEnd = skipWhile(text, at, isTokenChar)
    if (nameEnd === at) return fail(quote(text.charAt(at)), 'a scheme or a parameter', at)
    const name = text.slice(at, nameEnd).toLowerCase()
    const equals = skipWhile(text, nameEnd, isBlank)
    if (text.charAt(equals) !== '=') {
      if (challenges.length === MAX_CHALLENGES) return fail('another challenge', `at most ${MAX_CHALLENGES}`, at)
      challenges.push({ scheme: name, params: new Map() })
      at = skipToken68(text, equals)
      continue
    }
    const current = challenges.at(-1)
    if (current === undefined) return fail('a parameter', 'a scheme before it', at)
    const value = readValue(text, skipWhile(text, equals + 1, isBlank))
    if (value === undefined) return fail('a value without an end', '"', text.length)
    if (!current.params.has(name)) current.params.set(name, value.text)
    at = value.end
  }
}

function fail(found: string, wanted: string, offset: number): ChallengeResult {
  return { ok: false, error: new ChallengeSyntaxError(found, wanted, offset) }
}

/** The offset of the first character from `from` on that is not `isWanted`. */
function skipWhile(text: string, from: number, isWanted: (char: string) => boolean): number {
  let at = from
  while (at < text.length && isWanted(text.charAt(at))) at++
  return at
}

function isBlank(char: string): boolean {
  return char === ' ' || char === '\t'
}

function isSeparator(char: string): boolean {
  return isBlank(char) || char === ','
}

function isTokenChar(char: string): boolean {
  return /[\w!#$%&'*+.^`|~-]/.test(char)
}

/** Skips the opaque value of a scheme such as `Negotiate`, which may end in `=` and is never a parameter's name. */
function skipToken68(text: string, from: number): number {
  const end = skipWhile(text, from, (char) => /[\w.~+/-]/.test(char))
  const padded = skipWhile(text, end, (char) => char === '=')
  const after = skipWhile(text, padded, isBlank)
  return end > from && (after >= text.length || text.charAt(after) === ',') ? after : from
}

/** A quoted string or a token; `undefined` for a quoted string without an end. */
function readValue(text: string, from: number): { readonly text: string; readonly end: number } | undefined {
  if (text.charAt(from) !== '"') {
    const end = skipWhile(text, from, (char) => !isSeparator(char) && char !== '"')
    return { text: text.slice(from, end), end }
  }
  const parts: string[] = []
  for (let at = from + 1; at < text.length; at++) {
    const char = text.charAt(at)
    if (char === '"') return { text: parts.join(''), end: at + 1 }
    parts.push(char === '\\' ? text.charAt(++at) : char)
  }
  return undefined
}
