import { quote } from '@drayage/bytes'

import { TagPatternError } from '../errors.ts'
import type { CharacterSet, PatternNode } from './pattern-machine.ts'

/** How often a pattern may repeat a part. */
const MAX_TIMES = 255

const DIGITS = '0123456789'
const WORD = `${DIGITS}ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_`
const ANYTHING: CharacterSet = { characters: new Set(), isNegated: true }
const CLASSES: ReadonlyMap<string, CharacterSet> = new Map([
  ['d', { characters: new Set(DIGITS), isNegated: false }],
  ['D', { characters: new Set(DIGITS), isNegated: true }],
  ['w', { characters: new Set(WORD), isNegated: false }],
  ['W', { characters: new Set(WORD), isNegated: true }],
])

/**
 * Parses a regular expression: characters, `.`, `[a-z]`, `[^a-z]`, `\d`, `\w` and their opposites, `\` before a punctuation mark,
 * groups, `|`, `*`, `+`, `?`, `{2}`, `{2,}`, `{2,4}`, `^` and `$`. Whatever cannot be matched in linear time, such as
 * backreferences and lookaround, is refused.
 *
 * @throws TagPatternError `ERR_TAG_PATTERN`
 */
export function parsePattern(pattern: string): PatternNode {
  const reader = new PatternReader(pattern)
  const node = reader.choice()
  if (!reader.isAtEnd) throw reader.error('an opening parenthesis before it')
  return node
}

class PatternReader {
  readonly #pattern: string
  #at = 0

  constructor(pattern: string) {
    this.#pattern = pattern
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#pattern.length
  }

  error(wanted: string): TagPatternError {
    const found = this.isAtEnd ? 'its end' : `${quote(this.#pattern.charAt(this.#at))} at ${this.#at + 1}`
    return new TagPatternError(this.#pattern, found, wanted)
  }

  choice(): PatternNode {
    const nodes = [this.#sequence()]
    while (this.#take('|')) nodes.push(this.#sequence())
    return { kind: 'choice', nodes }
  }

  #sequence(): PatternNode {
    const nodes: PatternNode[] = []
    while (!this.isAtEnd && !/[|)]/.test(this.#peek())) nodes.push(this.#repeated())
    return { kind: 'sequence', nodes }
  }

  #repeated(): PatternNode {
    const node = this.#atom()
    const times = this.#times()
    if (times === undefined) return node
    // A lazy quantifier changes what a group captures, not whether the whole matches.
    this.#take('?')
    if (/[*+?]/.test(this.#peek())) throw this.error('one repetition of a part')
    return { kind: 'repeat', node, ...times }
  }

  #times(): { readonly least: number; readonly most: number } | undefined {
    if (this.#take('*')) return { least: 0, most: Infinity }
    if (this.#take('+')) return { least: 1, most: Infinity }
    if (this.#take('?')) return { least: 0, most: 1 }
    if (this.#peek() !== '{') return undefined
    const [whole = '', first = '', comma, second] =
      /^\{(\d{1,3})(?:(,)(\d{1,3})?)?\}/.exec(this.#pattern.slice(this.#at)) ?? []
    const least = Number(first)
    const most = comma === undefined ? least : second === undefined ? Infinity : Number(second)
    if (whole === '' || most < least || Math.max(least, Number(second ?? 0)) > MAX_TIMES) {
      throw this.error(`a repetition of up to ${MAX_TIMES} times such as {2}, {2,} or {2,4}`)
    }
    this.#at += whole.length
    return { least, most }
  }

  #atom(): PatternNode {
    if (/[*+?{]/.test(this.#peek())) throw this.error('something to repeat before it')
    if (this.#take('(')) return this.#group()
    if (this.#take('[')) return { kind: 'set', set: this.#class() }
    if (this.#take('.')) return { kind: 'set', set: ANYTHING }
    if (this.#take('^')) return { kind: 'start' }
    if (this.#take('$')) return { kind: 'end' }
    return { kind: 'set', set: this.#character() }
  }

  #group(): PatternNode {
    if (this.#peek() === '?') {
      this.#at++
      if (!this.#take(':')) throw this.error('a group ( ) or (?: )')
    }
    const node = this.choice()
    if (!this.#take(')')) throw this.error('a closing parenthesis')
    return node
  }

  #class(): CharacterSet {
    const isNegated = this.#take('^')
    const characters = new Set<string>()
    do {
      const first = this.#character()
      const [from = ''] = first.characters
      const isRange = this.#peek() === '-' && !/^-(?:\]|$)/.test(this.#pattern.slice(this.#at))
      if (isRange) this.#at++
      const [to = ''] = isRange ? this.#character().characters : [from]
      if (first.isNegated || (isRange && (first.characters.size > 1 || to < from)))
        throw this.error('a range such as a-z')
      for (const each of first.characters) characters.add(each)
      for (let code = from.charCodeAt(0); isRange && code <= to.charCodeAt(0); code++) {
        characters.add(String.fromCharCode(code))
      }
    } while (!this.isAtEnd && this.#peek() !== ']')
    if (!this.#take(']')) throw this.error('a closing bracket')
    return { characters, isNegated }
  }

  /** One character or, after a backslash, one class or mark. */
  #character(): CharacterSet {
    if (this.isAtEnd) throw this.error('a character')
    if (!this.#take('\\')) return single(this.#next())
    const known = CLASSES.get(this.#peek())
    if (known === undefined && (this.isAtEnd || /\w/.test(this.#peek())))
      throw this.error('\\d, \\w or a mark after \\')
    const escaped = this.#next()
    return known ?? single(escaped)
  }

  #peek(): string {
    return this.#pattern.charAt(this.#at)
  }

  #next(): string {
    return this.#pattern.charAt(this.#at++)
  }

  #take(character: string): boolean {
    const isNext = this.#peek() === character
    if (isNext) this.#at++
    return isNext
  }
}

function single(character: string): CharacterSet {
  return { characters: new Set([character]), isNegated: false }
}
