import { ImageChangeError } from '../errors.ts'

/** One instruction of a Dockerfile. @see Dockerfile reference, "Format" */
export interface Instruction {
  /** In lower case. */
  readonly name: string
  /** `--interval=30s` and the like, before the arguments. */
  readonly flags: readonly string[]
  /** What follows, without white space around it. */
  readonly rest: string
  /** The whole line, without what continues it. */
  readonly line: string
}

/** The instructions of a Dockerfile, and the character that keeps the next one from being read. */
export interface Dockerfile {
  readonly instructions: readonly Instruction[]
  readonly escape: string
}

/**
 * Splits a Dockerfile into instructions: comments and empty lines are left out, continued lines joined.
 *
 * @throws ImageChangeError `ERR_IMAGE_CHANGE`
 */
export function readDockerfile(text: string): Dockerfile {
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/)
  const escape = escapeOf(lines)
  const continued = escape === '`' ? /(^|[^`])`[ \t]*$/ : /(^|[^\\])\\[ \t]*$/
  const instructions: Instruction[] = []
  let open: string | undefined
  for (const raw of lines) {
    if (/^\s*#/.test(raw) || (open !== undefined && raw.trim() === '')) continue
    const line = open === undefined ? raw.trimStart() : open + raw
    const joined = line.replace(continued, '$1')
    open = continued.test(line) ? joined : undefined
    if (open === undefined && joined !== '') instructions.push(readInstruction(joined))
  }
  if (open !== undefined && open !== '') instructions.push(readInstruction(open))
  if (instructions.length === 0) throw new ImageChangeError('file with no instructions')
  return { instructions, escape }
}

/** The directive `# escape=` may stand before anything else. @see Dockerfile reference, "Parser directives" */
function escapeOf(lines: readonly string[]): string {
  for (const line of lines) {
    const [, name = '', rest = ''] = /^\s*#\s*([A-Za-z][A-Za-z0-9]*)\s*=(.*)$/.exec(line) ?? []
    const value = rest.trim()
    if (!/^(?:escape|syntax)$/i.test(name)) break
    if (!/^escape$/i.test(name)) continue
    if (value === '`' || value === '\\') return value
    throw new ImageChangeError(`invalid escape token '${value}' does not match \` or \\`)
  }
  return '\\'
}

/** Splits one line into its instruction, flags and arguments. */
export function readInstruction(line: string): Instruction {
  const trimmed = line.trim()
  const blank = trimmed.search(/[\t\v\f\r ]/)
  const name = (blank < 0 ? trimmed : trimmed.slice(0, blank)).toLowerCase()
  const { flags, rest } = splitFlags(blank < 0 ? '' : trimmed.slice(blank).trimStart())
  return { name, flags, rest: rest.trim(), line }
}

/** Takes the words that begin with `--` off the start; `--` alone ends them. */
function splitFlags(text: string): { readonly flags: readonly string[]; readonly rest: string } {
  const flags: string[] = []
  let rest = text
  while (rest.startsWith('--')) {
    const { word, length } = flagWord(rest)
    rest = rest.slice(length)
    if (word === '--') break
    flags.push(word)
    rest = rest.trimStart()
  }
  return { flags, rest }
}

/** The first word, with its quotes and backslashes resolved. */
function flagWord(text: string): { readonly word: string; readonly length: number } {
  let word = ''
  let quote = ''
  let at = 0
  for (; at < text.length; at++) {
    const character = text[at] ?? ''
    if (character === '\\') word += text[++at] ?? ''
    else if (character === quote) quote = ''
    else if (quote === '' && /["']/.test(character)) quote = character
    else if (quote === '' && /\s/.test(character)) break
    else word += character
  }
  return { word, length: Math.min(at, text.length) }
}

/** The values of flags, each of which is known and given once. @throws ImageChangeError `ERR_IMAGE_CHANGE` */
export function readFlags(flags: readonly string[], known: readonly string[] = []): ReadonlyMap<string, string> {
  const values = new Map<string, string>()
  for (const flag of flags) {
    const equals = flag.indexOf('=')
    const name = flag.slice(2, equals < 0 ? undefined : equals)
    if (!known.includes(name)) throw new ImageChangeError(`Unknown flag: ${name}`)
    if (values.has(name)) throw new ImageChangeError(`Duplicate flag specified: ${name}`)
    if (equals < 0) throw new ImageChangeError(`Missing a value on flag: ${name}`)
    values.set(name, flag.slice(equals + 1))
  }
  return values
}
