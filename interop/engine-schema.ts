import { Ajv, type ErrorObject } from 'ajv'
import { parse } from 'yaml'

import { memberOf, toJsonSchema, type Json } from './swagger-schema.ts'

/** An answer that was read to its end. */
export interface SchemaAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly text: string
}

/** The schema of one version of the Engine API. */
export interface EngineSchema {
  /** Whether the version has this operation, such as `GET /images/json`. */
  has(operation: string): boolean
  /** What an answer to an operation has that its schema does not allow, or lacks; empty for a valid one. */
  problems(operation: string, answer: SchemaAnswer): string[]
}

/** The definition of each line of the answers that the schema leaves open. */
const LINES: ReadonlyMap<string, string> = new Map([
  ['POST /images/create', 'CreateImageInfo'],
  ['POST /images/{name}/push', 'PushImageInfo'],
  ['POST /images/load', 'BuildInfo'],
  ['GET /events', 'EventMessage'],
])

/**
 * Reads a schema in Swagger 2.0. Beside what it says, objects may have no members but those that it lists, and numbers and
 * times must have the form that it names.
 */
export function parseEngineSchema(text: string): EngineSchema {
  const document = memberOf(parse(text), [])
  const definitions = memberOf(document, ['definitions'])
  const ajv = new Ajv({ strict: false, allErrors: true, logger: false, formats: FORMATS })
  const resolve = (name: string): Json => memberOf(definitions, [name])
  const closed = Object.fromEntries(
    Object.keys(definitions).map((name) => [name, toJsonSchema(resolve(name), resolve)]),
  )
  ajv.addSchema({ $id: 'moby', definitions: closed })
  const operationOf = (operation: string): Json => {
    const [method = '', path = ''] = operation.split(' ')
    return memberOf(document, ['paths', path, method === 'HEAD' ? 'head' : method.toLowerCase()])
  }
  const validate = (schema: Json, value: unknown): string[] => {
    const isValid = ajv.validate(toJsonSchema(schema, resolve), value)
    return isValid ? [] : (ajv.errors ?? []).map(problemOf)
  }

  function bodyProblems(operation: string, schema: Json, { status, headers, text }: SchemaAnswer): string[] {
    const line = status < 300 ? LINES.get(operation) : undefined
    if (line !== undefined) {
      const records = text.split(/\r?\n/).filter((record) => record !== '')
      return records.flatMap((record) =>
        validate({ $ref: `#/definitions/${line}` }, jsonOf(record.replace('\u001E', ''))),
      )
    }
    const isJson = String(headers['content-type']).startsWith('application/json')
    if (Object.keys(schema).length === 0) return text === '' ? [] : [`a body, expected none: ${text.slice(0, 80)}`]
    return isJson ? validate(schema, jsonOf(text)) : validate(schema, text)
  }

  return {
    has: (operation) => Object.keys(operationOf(operation)).length > 0,
    problems(operation, answer) {
      const { status, headers } = answer
      const { responses, produces } = operationOf(operation)
      if (responses === undefined) return ['no such operation']
      const isError = status >= 400
      const declared = memberOf(responses, [String(status)])
      if (!isError && Object.keys(declared).length === 0) return [`status ${status}`]
      const schema = isError ? { $ref: '#/definitions/ErrorResponse' } : memberOf(declared, ['schema'])
      const absent = Object.keys(memberOf(declared, ['headers'])).filter(
        (name) => headers[name.toLowerCase()] === undefined,
      )
      const type = String(headers['content-type'] ?? '').split(';')[0] ?? ''
      const types = isError ? ['application/json'] : Array.isArray(produces) ? produces : ['application/json']
      return [
        ...absent.map((name) => `lacks the header ${name}`),
        ...(answer.text === '' || types.includes(type) ? [] : [`content type ${type}`]),
        ...(operation.startsWith('HEAD ') ? [] : bodyProblems(operation, schema, answer)),
      ]
    },
  }
}

/** How the schemas name what JSON has no type for. */
const FORMATS: NonNullable<NonNullable<ConstructorParameters<typeof Ajv>[0]>['formats']> = {
  ...Object.fromEntries(
    ['int64', 'int32', 'uint64', 'uint32', 'uint16', 'int'].map((name) => [
      name,
      { type: 'number' as const, validate: Number.isInteger },
    ]),
  ),
  ...Object.fromEntries(['date-time', 'dateTime'].map((name) => [name, isTime])),
}

function isTime(text: string): boolean {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/.test(text) && !Number.isNaN(Date.parse(text))
}

function problemOf({ instancePath, message, params }: ErrorObject): string {
  const more = 'additionalProperty' in params ? ` ("${params['additionalProperty']}")` : ''
  return `${instancePath || '/'} ${message}${more}`
}

/** Parses a text as JSON. Anything else is returned as it is, which no schema of an object allows. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
