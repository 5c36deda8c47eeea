import { quote } from '@drayage/bytes'

import { PatternSyntaxError } from './errors.ts'
import { familiarReference, familiarRepository, formatReference, formatRepository } from './format-reference.ts'
import { withDefaultTag, type Reference } from './reference.ts'

/**
 * Tells whether a shell pattern matches a reference in its familiar or its full form, with tag and digest or without both.
 * The full form of a reference without tag and digest also has the tag `latest`.
 *
 * `*` and `?` do not match `/`; `[a-z]`, `[^a-z]` and `\` work as in shells.
 *
 * @throws PatternSyntaxError `ERR_PATTERN_SYNTAX` for a malformed pattern, whatever the reference
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict'
 * import { matchReference, parseReference } from '@drayage/reference'
 *
 * assert.ok(matchReference('alp*:3', parseReference('alpine:3')))
 * assert.ok(matchReference('docker.io/library/*', parseReference('alpine:3')))
 * assert.ok(!matchReference('*', parseReference('ghcr.io/org/app')))
 * ```
 */
export function matchReference(pattern: string, reference: Reference): boolean {
  const matches = compileGlob(pattern)
  const forms = [
    familiarReference(reference),
    familiarRepository(reference),
    formatReference(withDefaultTag(reference)),
    formatRepository(reference),
  ]
  return forms.some(matches)
}

type Token =
  | { readonly kind: 'literal'; readonly character: string }
  | { readonly kind: 'any' }
  | { readonly kind: 'many' }
  | { readonly kind: 'class'; readonly negated: boolean; readonly ranges: readonly (readonly [number, number])[] }

/**
 * Compiles a shell pattern into a test of whole strings: `*` is any run without `/`, `?` any character but `/`,
 * `[a-z]` and `[^a-z]` a character in or outside the ranges, `\` takes the next character as it is.
 *
 * A class may match `/`, as in Go's patterns, which Docker Engine uses. The test takes at most time proportional to the
 * product of both lengths.
 *
 * @throws PatternSyntaxError `ERR_PATTERN_SYNTAX`
 */
export function compileGlob(pattern: string): (text: string) => boolean {
  const tokens = tokenize(pattern)
  return (text) => matches(tokens, Array.from(text))
}

function matches(tokens: readonly Token[], text: readonly string[]): boolean {
  let token = 0
  let index = 0
  // Only the last `*` is ever extended: an earlier one could not reach further without crossing the same characters.
  let star: { readonly token: number; index: number } | undefined
  for (;;) {
    const now = tokens[token]
    const character = text[index]
    if (now?.kind === 'many') {
      star = { token: ++token, index }
    } else if (now !== undefined && character !== undefined && matchesOne(now, character)) {
      token++
      index++
    } else if (now === undefined && character === undefined) {
      return true
    } else {
      const next = star === undefined ? undefined : text[star.index]
      if (star === undefined || next === undefined || next === '/') return false
      index = ++star.index
      token = star.token
    }
  }
}

function matchesOne(token: Exclude<Token, { kind: 'many' }>, character: string): boolean {
  if (token.kind === 'literal') return token.character === character
  if (token.kind === 'any') return character !== '/'
  const code = character.codePointAt(0) ?? 0
  return token.ranges.some(([low, high]) => low <= code && code <= high) !== token.negated
}

function tokenize(pattern: string): Token[] {
  const characters = Array.from(pattern)
  const tokens: Token[] = []
  let index = 0
  const fail = (wanted: string): never => {
    const found = characters[index]
    throw new PatternSyntaxError(pattern, index, found === undefined ? 'the end' : quote(found), wanted)
  }
  const takeEscaped = (): string => {
    if (characters[index] === '\\') index++
    return characters[index++] ?? fail('a character')
  }
  const takeClassMember = (): number => {
    if (characters[index] === '-' || characters[index] === ']') fail('a character of the class')
    return takeEscaped().codePointAt(0) ?? 0
  }
  const takeClass = (): Token => {
    index++
    const negated = characters[index] === '^'
    if (negated) index++
    const ranges: (readonly [number, number])[] = []
    while (characters[index] !== ']' || ranges.length === 0) {
      const low = takeClassMember()
      if (characters[index] === '-') {
        index++
        ranges.push([low, takeClassMember()])
      } else {
        ranges.push([low, low])
      }
    }
    index++
    return { kind: 'class', negated, ranges }
  }
  while (index < characters.length) {
    const character = characters[index]
    if (character === '[') {
      tokens.push(takeClass())
    } else if (character === '*' || character === '?') {
      tokens.push({ kind: character === '*' ? 'many' : 'any' })
      index++
    } else {
      tokens.push({ kind: 'literal', character: takeEscaped() })
    }
  }
  return tokens
}
