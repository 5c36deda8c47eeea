import { ImageChangeError } from '../errors.ts'

/** Words between white space, with the quotes and escapes that keep it; they are resolved when a word is expanded. */
export function splitWords(text: string, escape: string): string[] {
  const words: string[] = []
  let word = ''
  let quote = ''
  let isWord = false
  const end = (): void => {
    if (isWord) words.push(word)
    word = ''
    isWord = false
  }
  for (let at = 0; at < text.length; at++) {
    const character = text[at] ?? ''
    if (quote === '' && /\s/.test(character)) {
      end()
      continue
    }
    if (character === escape && quote !== "'") {
      // At the end of the line it keeps nothing.
      if (at + 1 === text.length) break
      word += character + (text[++at] ?? '')
      isWord = true
      continue
    }
    if (character === quote) quote = ''
    else if (quote === '' && /["']/.test(character)) quote = character
    word += character
    isWord = true
  }
  end()
  return words
}

/** `name=value` pairs, or the older form of one name, white space and its value. */
export function readPairs(rest: string, instruction: string, escape: string): (readonly [string, string])[] {
  const words = splitWords(rest, escape)
  if (words[0] === undefined) throw new ImageChangeError(`${instruction} requires at least one argument`)
  const pairs = words[0].includes('=') ? words.map(pairOf) : [olderPair(rest, instruction)]
  if (pairs.some(([name]) => name === '')) throw new ImageChangeError(`${instruction} names can not be blank`)
  return pairs
}

function pairOf(word: string): readonly [string, string] {
  const equals = word.indexOf('=')
  if (equals >= 0) return [word.slice(0, equals), word.slice(equals + 1)]
  const found = `can't find = in ${JSON.stringify(word)}`
  throw new ImageChangeError(`Syntax error - ${found}. Must be of the form: name=value`)
}

function olderPair(rest: string, instruction: string): readonly [string, string] {
  const blank = rest.search(/[\t\v\f\r ]/)
  if (blank < 0) throw new ImageChangeError(`${instruction} must have two arguments`)
  return [rest.slice(0, blank), rest.slice(blank).trimStart()]
}

/**
 * The texts of a JSON array at the start; `undefined` for anything else, which is for the shell.
 *
 * @throws ImageChangeError `ERR_IMAGE_CHANGE` for an array of other values
 */
export function readJsonTexts(rest: string): readonly string[] | undefined {
  if (!rest.startsWith('[')) return undefined
  const values = firstArray(rest)
  if (values === undefined) return undefined
  if (values.every((each) => typeof each === 'string')) return values
  throw new ImageChangeError('when using JSON array syntax, arrays must be comprised of strings only')
}

/** The array that the text begins with; what follows it is not looked at. */
function firstArray(text: string): readonly unknown[] | undefined {
  let depth = 0
  let isText = false
  for (let at = 0; at < text.length; at++) {
    const character = text[at] ?? ''
    if (isText && character === '\\') at++
    else if (character === '"') isText = !isText
    else if (!isText && /[[{]/.test(character)) depth++
    else if (!isText && /[\]}]/.test(character) && --depth === 0) return parsedArray(text.slice(0, at + 1))
  }
  return undefined
}

function parsedArray(text: string): readonly unknown[] | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return Array.isArray(value) ? value : undefined
  } catch {
    return undefined
  }
}
