import { escapeJson, quote } from '@drayage/bytes'

import { UsageError } from '../errors.ts'

/** A template that was read. */
export interface GoTemplate {
  /** @param text changes each text of the data, such as to escape it */
  render(data: unknown, text?: (text: string) => string): string
  /** The fields that it names, such as `Config.Env`, in their order. */
  readonly fields: readonly string[]
}

type Show = (value: unknown) => string
type Part = string | ((data: unknown, show: Show) => string)

const ACTION = /"(?:[^"\\]|\\.)*"|[^\s"]+/g
const PATH = /^\.(?:[A-Za-z_][\w]*(?:\.[A-Za-z_][\w]*)*)?$/
const SUPPORTED =
  '{{.Field}}, {{json .Field}}, {{len}}, {{upper}}, {{lower}}, {{println}}, {{index .Field 0}} or {{join .Field ","}}'

/**
 * Reads the part of Go's `text/template` that people use with `--format`: fields (`{{.Config.Env}}`), `{{json .X}}`,
 * `{{len .X}}`, `{{upper .X}}`, `{{lower .X}}`, `{{index .X 0}}`, `{{join .X ","}}` and `{{println .X}}`.
 *
 * @throws UsageError `ERR_USAGE` for anything else
 */
export function compileGoTemplate(template: string): GoTemplate {
  const parts: Part[] = []
  const fields: string[] = []
  let at = 0
  for (;;) {
    const open = template.indexOf('{{', at)
    if (open < 0) break
    const close = template.indexOf('}}', open)
    if (close < 0) throw new UsageError(`Cannot read the format: "{{" at offset ${open} has no "}}"`)
    const action = template.slice(open + 2, close).trim()
    parts.push(unescape(template.slice(at, open)), compileAction(action, fields))
    at = close + 2
  }
  parts.push(unescape(template.slice(at)))
  return {
    fields,
    render(data, text = (each) => each) {
      const show: Show = (value) => showValue(value, text)
      return parts.map((part) => (typeof part === 'string' ? part : part(data, show))).join('')
    },
  }
}

/** Shells pass on `\t` and `\n` as they are typed; docker reads them in a format. */
function unescape(text: string): string {
  return text.replaceAll(String.raw`\t`, '\t').replaceAll(String.raw`\n`, '\n')
}

function compileAction(action: string, fields: string[]): Part {
  const words = action.match(ACTION) ?? []
  const [name = '', path = '', argument, ...more] = words[0]?.startsWith('.') === true ? ['', ...words] : words
  if (!PATH.test(path) || more.length > 0) throw unsupported(action)
  fields.push(path.slice(1))
  const get = (data: unknown): unknown => fieldOf(data, path)
  if (name === 'index' || name === 'join') return withArgument(action, name, get, unquote(action, argument))
  if (argument !== undefined) throw unsupported(action)
  switch (name) {
    case '':
      return (data, show) => show(get(data))
    case 'json':
      return (data) => escapeJson(get(data))
    case 'len':
      return (data) => String(lengthOf(get(data)))
    case 'upper':
      return (data, show) => show(get(data)).toUpperCase()
    case 'lower':
      return (data, show) => show(get(data)).toLowerCase()
    case 'println':
      return (data, show) => `${show(get(data))}\n`
    default:
      throw unsupported(action)
  }
}

function withArgument(action: string, name: 'index' | 'join', get: (data: unknown) => unknown, argument: string): Part {
  if (name === 'index') {
    if (argument === '') throw unsupported(action)
    return (data, show) => show(member(get(data), argument))
  }
  return (data, show) => {
    const list = get(data)
    return Array.isArray(list) ? list.map(show).join(argument) : show(list)
  }
}

function unsupported(action: string, cause?: unknown): UsageError {
  return new UsageError(`Cannot read the format: ${quote(`{{${action}}}`)} is not supported`, {
    cause,
    hint: `Use ${SUPPORTED}.`,
  })
}

function unquote(action: string, word: string | undefined): string {
  if (word === undefined) return ''
  if (!word.startsWith('"')) return word
  try {
    const text: unknown = JSON.parse(word)
    return typeof text === 'string' ? text : ''
  } catch (error) {
    throw unsupported(action, error)
  }
}

function fieldOf(data: unknown, path: string): unknown {
  if (path === '.') return data
  return path
    .slice(1)
    .split('.')
    .reduce<unknown>((at, name) => member(at, name), data)
}

function member(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined
  return Reflect.get(value, name)
}

function lengthOf(value: unknown): number {
  if (typeof value === 'string') return new TextEncoder().encode(value).length
  if (Array.isArray(value)) return value.length
  return typeof value === 'object' && value !== null ? Object.keys(value).length : 0
}

/** A value as Go prints it: lists in brackets, maps as `map[key:value]`. */
function showValue(value: unknown, text: (text: string) => string): string {
  if (value === undefined || value === null) return '<no value>'
  if (typeof value === 'string') return text(value)
  if (Array.isArray(value)) return `[${value.map((each) => showValue(each, text)).join(' ')}]`
  if (typeof value === 'object') {
    const members = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))
    return `map[${members.map(([name, each]) => `${text(name)}:${showValue(each, text)}`).join(' ')}]`
  }
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : JSON.stringify(value)
}
