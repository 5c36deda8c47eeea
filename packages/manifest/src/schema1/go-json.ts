import { encodeText } from '@drayage/bytes'

/** Text as Go's `encoding/json` writes it before Go 1.22, with escapes that make it safe in HTML. */
export function goText(text: string): string {
  return escapeHtml(
    JSON.stringify(text.toWellFormed()).replaceAll(/\\./g, (escape) => LONG_ESCAPES.get(escape) ?? escape),
  )
}

const LONG_ESCAPES: ReadonlyMap<string, string> = new Map([
  [String.raw`\b`, String.raw`\u0008`],
  [String.raw`\f`, String.raw`\u000c`],
])

function escapeHtml(json: string): string {
  return json.replaceAll(/[<>&\u2028\u2029]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
}

/** An object as Go writes a map: its members, which are JSON, sorted by the bytes of their names. */
export function goMap(members: Iterable<readonly [name: string, json: string]>): string {
  const sorted = [...members].toSorted(([a], [b]) => compareBytes(encodeText(a), encodeText(b)))
  return `{${sorted.map(([name, json]) => `${goText(name)}:${json}`).join(',')}}`
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length)
  for (let index = 0; index < length; index++) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0)
    if (difference !== 0) return difference
  }
  return a.length - b.length
}

/**
 * The members of an object, each value as its text in `json` without white space, which is how Go writes a value that it
 * has not decoded.
 *
 * @param json an object, known to be JSON; each name is there once
 */
export function rawMembers(json: string): Map<string, string> {
  const members = new Map<string, string>()
  let depth = 0
  let name: string | undefined
  let value: string[] = []
  for (const token of tokensOf(json)) {
    const isEnd = depth === 1 && (token === ',' || token === '}')
    if (isEnd && name !== undefined) {
      members.set(name, escapeHtml(value.join('')))
      name = undefined
      value = []
    } else if (depth === 1 && name === undefined && token.startsWith('"')) {
      name = nameOf(token)
    } else if (name !== undefined && !(depth === 1 && token === ':')) {
      value.push(token)
    }
    if (token === '{' || token === '[') depth++
    if (token === '}' || token === ']') depth--
  }
  return members
}

const SPACE = /\s*/y
const LITERAL = /[^\s"{}[\]:,]+/y

/** Texts, literals and punctuation, without the white space between them. */
function* tokensOf(json: string): Generator<string, void, void> {
  let index = 0
  const skip = (pattern: RegExp): number => {
    pattern.lastIndex = index
    return pattern.test(json) ? pattern.lastIndex : index
  }
  while ((index = skip(SPACE)) < json.length) {
    const literal = skip(LITERAL)
    const end = json.charAt(index) === '"' ? endOfText(json, index) : Math.max(literal, index + 1)
    yield json.slice(index, end)
    index = end
  }
}

/** The offset after the closing quote of the text that opens at `start`. */
function endOfText(json: string, start: number): number {
  for (let index = start + 1; index < json.length; index++) {
    const character = json.charAt(index)
    if (character === '"') return index + 1
    if (character === '\\') index++
  }
  return json.length
}

function nameOf(text: string): string {
  const name: unknown = JSON.parse(text)
  return String(name).toWellFormed()
}
