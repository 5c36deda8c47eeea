import { UsageError } from '../usage-error.ts'

type Part = string | ((data: unknown) => string)

/**
 * Renders the part of Go's `text/template` that people use with `--format`: fields (`{{.Config.Env}}`), `{{json .X}}`,
 * `{{len .X}}`, `{{upper .X}}`, `{{lower .X}}`, `{{index .X 0}}`, `{{join .X ","}}` and `{{println .X}}`.
 *
 * @throws UsageError `ERR_USAGE` for anything else
 */
export function compileGoTemplate(template: string): (data: unknown) => string {
  const parts: Part[] = []
  let at = 0
  for (;;) {
    const open = template.indexOf('{{', at)
    if (open < 0) break
    const close = template.indexOf('}}', open)
    if (close < 0) throw new UsageError(`Cannot read the format: "{{" at offset ${open} has no "}}"`)
    parts.push(unescape(template.slice(at, open)), compileAction(template.slice(open + 2, close).trim()))
    at = close + 2
  }
  parts.push(unescape(template.slice(at)))
  return (data) => parts.map((part) => (typeof part === 'string' ? part : part(data))).join('')
}

function unescape(text: string): string {
  return text.replaceAll(String.raw`\t`, '\t').replaceAll(String.raw`\n`, '\n')
}

function compileAction(action: string): (data: unknown) => string {
  const words = action.match(/"(?:[^"\\]|\\.)*"|[^\s"]+/g) ?? []
  const [first = '', ...rest] = words
  if (first.startsWith('.') && rest.length === 0) return (data) => show(field(data, first))
  const [path = '', argument] = rest
  if (!path.startsWith('.')) throw new UsageError(`Cannot read the format: "{{${action}}}" is not supported`)
  switch (first) {
    case 'json':
      return (data) => JSON.stringify(field(data, path) ?? null)
    case 'len':
      return (data) => String(lengthOf(field(data, path)))
    case 'upper':
      return (data) => show(field(data, path)).toUpperCase()
    case 'lower':
      return (data) => show(field(data, path)).toLowerCase()
    case 'println':
      return (data) => `${show(field(data, path))}\n`
    case 'index':
      return (data) => show(member(field(data, path), unquote(argument)))
    case 'join':
      return (data) => {
        const list = field(data, path)
        return Array.isArray(list) ? list.map(show).join(unquote(argument)) : show(list)
      }
    default:
      throw new UsageError(`Cannot read the format: "{{${action}}}" is not supported`)
  }
}

function unquote(word: string | undefined): string {
  if (word === undefined) return ''
  return word.startsWith('"') ? String(JSON.parse(word)) : word
}

function field(data: unknown, path: string): unknown {
  return path
    .split('.')
    .filter((name) => name !== '')
    .reduce<unknown>((at, name) => member(at, name), data)
}

function member(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined
  return Reflect.get(value, name)
}

function lengthOf(value: unknown): number {
  if (typeof value === 'string' || Array.isArray(value)) return value.length
  return typeof value === 'object' && value !== null ? Object.keys(value).length : 0
}

/** A value as Go prints it: lists in brackets, maps as `map[key:value]`. */
function show(value: unknown): string {
  if (value === undefined || value === null) return '<no value>'
  if (Array.isArray(value)) return `[${value.map(show).join(' ')}]`
  if (typeof value === 'object') {
    const members = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))
    return `map[${members.map(([name, each]) => `${name}:${show(each)}`).join(' ')}]`
  }
  return String(value)
}
