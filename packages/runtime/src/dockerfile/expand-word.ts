import { ImageChangeError } from '../errors.ts'

/** A word with its variables replaced, and the words that white space in their values makes of it. */
export interface ExpandedWord {
  readonly text: string
  readonly words: readonly string[]
}

/**
 * Replaces `$name`, `${name}`, `${name:-default}`, `${name:+other}` and `${name:?message}` by the values of `env`, and
 * resolves quotes and escapes, as a shell does.
 *
 * @throws ImageChangeError `ERR_IMAGE_CHANGE`
 * @see Dockerfile reference, "Environment replacement"
 */
export function expandWord(word: string, env: ReadonlyMap<string, string>, escape: string): ExpandedWord {
  try {
    const reader = new WordReader(word, env, escape)
    const text = reader.readTo(undefined)
    return { text, words: reader.words() }
  } catch (error) {
    if (!(error instanceof WordError)) throw error
    throw new ImageChangeError(`failed to process ${JSON.stringify(word)}: ${error.message}`, { cause: error })
  }
}

class WordError extends Error {
  override readonly name: string = 'WordError'
}

const NAME = /[\p{L}\p{Nd}_]/u
const DIGIT = /\p{Nd}/u
/** The deepest nesting that is read. */
const MAX_DEPTH = 100
const SPECIAL = '@*#?-$!0'

class WordReader {
  readonly #characters: readonly string[]
  readonly #env: ReadonlyMap<string, string>
  readonly #escape: string
  #at = 0
  #depth = 0
  readonly #words: string[] = []
  #word = ''

  constructor(word: string, env: ReadonlyMap<string, string>, escape: string) {
    this.#characters = Array.from(word)
    this.#env = env
    this.#escape = escape
  }

  words(): readonly string[] {
    return this.#word === '' ? this.#words : [...this.#words, this.#word]
  }

  /** Reads up to a character, or to the end. */
  readTo(stop: string | undefined): string {
    let text = ''
    for (;;) {
      const character = this.#next()
      if (character === undefined) break
      if (character === stop) return text
      const part = this.#part(character)
      if (part === undefined) break
      text += part
    }
    if (stop === undefined) return text
    throw new WordError(`unexpected end of statement while looking for matching ${stop}`)
  }

  /** What a character stands for, with those that belong to it; `undefined` for an escape at the end. */
  #part(character: string): string | undefined {
    if (character === "'") return this.#add(this.#singleQuoted())
    if (character === '"') return this.#add(this.#doubleQuoted())
    if (character === '$') return this.#addSplit(this.#variable())
    if (character !== this.#escape) return this.#addSplit(character)
    const escaped = this.#next()
    return escaped === undefined ? undefined : this.#add(escaped)
  }

  #singleQuoted(): string {
    let text = ''
    for (let character = this.#next(); character !== "'"; character = this.#next()) {
      if (character === undefined) {
        throw new WordError('unexpected end of statement while looking for matching single-quote')
      }
      text += character
    }
    return text
  }

  #doubleQuoted(): string {
    let text = ''
    for (let character = this.#next(); character !== '"'; character = this.#next()) {
      if (character === undefined) {
        throw new WordError('unexpected end of statement while looking for matching double-quote')
      }
      if (character === '$') text += this.#variable()
      else if (character !== this.#escape) text += character
      else if (this.#peek() !== undefined) {
        // Inside quotes it only keeps the characters that mean something there.
        text += ['"', '$', this.#escape].includes(this.#peek() ?? '') ? this.#next() : character
      }
    }
    return text
  }

  /** After a `$`. */
  #variable(): string {
    if (this.#peek() !== '{') {
      const name = this.#name()
      return name === '' ? '$' : (this.#env.get(name) ?? '')
    }
    this.#next()
    const first = this.#peek()
    if (first === undefined) throw new WordError("syntax error: missing '}'")
    if ('{}:'.includes(first)) throw new WordError('syntax error: bad substitution')
    const name = this.#name()
    const after = this.#next()
    const value = this.#env.get(name)
    if (after === '}') return value ?? ''
    if (after === '?') return this.#required(name, value, this.#operand())
    if (after !== ':') throw new WordError("missing ':' in substitution")
    const modifier = this.#next() ?? ''
    const operand = this.#operand()
    if (modifier === '+') return (value ?? '') === '' ? '' : operand
    if (modifier === '-') return (value ?? '') === '' ? operand : (value ?? '')
    if (modifier !== '?') throw new WordError(`unsupported modifier (${modifier}) in substitution`)
    const required = this.#required(name, value, operand)
    if (required === '') throw new WordError(`${name}: ${operand === '' ? 'is not allowed to be empty' : operand}`)
    return required
  }

  #required(name: string, value: string | undefined, message: string): string {
    if (value !== undefined) return value
    throw new WordError(`${name}: ${message === '' ? 'is not allowed to be unset' : message}`)
  }

  /** What stands up to the brace; it is a word of its own. */
  #operand(): string {
    if (this.#depth === MAX_DEPTH) throw new WordError('too many nested substitutions')
    this.#depth++
    try {
      return this.readTo('}')
    } catch (error) {
      if (error instanceof WordError && this.#peek() === undefined) throw new WordError("syntax error: missing '}'")
      throw error
    } finally {
      this.#depth--
    }
  }

  #name(): string {
    const first = this.#peek()
    if (first === undefined) return ''
    if (DIGIT.test(first)) return this.#while(DIGIT)
    if (SPECIAL.includes(first)) return this.#next() ?? ''
    return this.#while(NAME)
  }

  #while(pattern: RegExp): string {
    let text = ''
    for (let next = this.#peek(); next !== undefined && pattern.test(next); next = this.#peek()) text += this.#next()
    return text
  }

  #peek(): string | undefined {
    return this.#characters[this.#at]
  }

  #next(): string | undefined {
    return this.#characters[this.#at++]
  }

  /** Adds to the current word what white space does not split. */
  #add(text: string): string {
    if (this.#depth === 0) this.#word += text
    return text
  }

  #addSplit(text: string): string {
    if (this.#depth > 0) return text
    for (const character of text) {
      if (!/\s/.test(character)) {
        this.#word += character
        continue
      }
      if (this.#word !== '') this.#words.push(this.#word)
      this.#word = ''
    }
    return text
  }
}
