import { quote } from './escape-text.ts'

/** A path in a JSON document as text for a message, such as `layers[0].digest`, below `base`. */
export function showJsonPath(path: readonly PropertyKey[], base: string = ''): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`
    const name = String(part)
    const shown = /^[\w-]+$/.test(name) ? name : quote(name)
    return text === '' ? shown : `${text}.${shown}`
  }, base)
}

/** The value at a path in a JSON document; `undefined` where the path leads nowhere. */
export function valueAtJsonPath(document: unknown, path: readonly PropertyKey[]): unknown {
  let value = document
  for (const key of path) value = value !== null && typeof value === 'object' ? Reflect.get(value, key) : undefined
  return value
}
