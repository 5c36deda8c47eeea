/** An error as it crosses a thread boundary: structured clone alone would lose its code and fields. */
export interface WireError {
  readonly name: string
  readonly message: string
  readonly stack: string | undefined
  /** Its own enumerable properties, `code` among them. */
  readonly fields: Readonly<Record<string, unknown>>
  readonly cause: WireError | undefined
}

/** Error classes by code; an error with such a code comes out of a worker as an instance of that class. */
export type ErrorTypes = Readonly<Record<string, { readonly prototype: Error }>>

const LONGEST_CAUSE_CHAIN = 8

/** The wire form of anything thrown. */
export function toWireError(error: unknown, depth: number = 0): WireError {
  if (!(error instanceof Error)) {
    return { name: 'Error', message: String(error), stack: undefined, fields: {}, cause: undefined }
  }
  const fields: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(error)) {
    if (key !== 'cause' && isPlain(value)) fields[key] = value
  }
  const hasCause = error.cause !== undefined && depth < LONGEST_CAUSE_CHAIN
  return {
    name: error.name,
    message: error.message,
    stack: error.stack,
    fields,
    cause: hasCause ? toWireError(error.cause, depth + 1) : undefined,
  }
}

/** The error of a wire form: its name, message, stack, cause and fields, and its class where `types` knows the code. */
export function fromWireError(wire: WireError, types: ErrorTypes = {}): Error {
  const cause = wire.cause === undefined ? undefined : fromWireError(wire.cause, types)
  const error = new Error(wire.message, cause === undefined ? {} : { cause })
  const { code } = wire.fields
  const type = typeof code === 'string' && Object.hasOwn(types, code) ? types[code] : undefined
  if (type !== undefined) Object.setPrototypeOf(error, type.prototype)
  const hidden = { stack: wire.stack ?? error.stack, ...(!('name' in wire.fields) && { name: wire.name }) }
  for (const [key, value] of Object.entries(hidden)) {
    Object.defineProperty(error, key, { value, writable: true, configurable: true, enumerable: false })
  }
  return Object.assign(error, wire.fields)
}

function isPlain(value: unknown): boolean {
  if (Array.isArray(value)) return value.every(isPlain)
  return value === null || ['string', 'number', 'boolean', 'bigint', 'undefined'].includes(typeof value)
}
