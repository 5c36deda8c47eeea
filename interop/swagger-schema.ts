/** An object of JSON. */
export type Json = Readonly<Record<string, unknown>>

/** A schema of Swagger as one of JSON Schema whose objects are closed. */
export function toJsonSchema(schema: Json, resolve: (name: string) => Json): Json {
  const of = (value: unknown): Json => toJsonSchema(memberOf(value, []), resolve)
  const { $ref, allOf } = schema
  const nullable = (made: Json): Json => (schema['x-nullable'] === true ? { anyOf: [made, { type: 'null' }] } : made)
  if (typeof $ref === 'string') return nullable({ $ref: $ref.replace('#', 'moby#') })
  if (Array.isArray(allOf)) return nullable(of(merge([schema], resolve)))
  const { properties, items, additionalProperties } = schema
  const isClosed = properties !== undefined && additionalProperties === undefined
  return nullable({
    ...pick(schema, ['type', 'format', 'enum', 'required', 'minimum', 'maximum', 'pattern', 'minLength', 'maxLength']),
    ...(items === undefined ? {} : { items: of(items) }),
    ...(typeof additionalProperties === 'object' ? { additionalProperties: of(additionalProperties) } : {}),
    ...(isClosed ? { additionalProperties: false } : {}),
    ...(properties === undefined ? {} : { properties: mapped(memberOf(properties, []), of) }),
  })
}

/** Several schemas of one object, and what they are made from, as one. */
function merge(parts: readonly Json[], resolve: (name: string) => Json): Json {
  const merged = parts.map((part): Json => {
    const { $ref, allOf } = part
    if (typeof $ref === 'string') return merge([resolve($ref.slice($ref.lastIndexOf('/') + 1))], resolve)
    if (!Array.isArray(allOf)) return part
    return merge([...allOf.map((each) => memberOf(each, [])), pick(part, ['required', 'properties'])], resolve)
  })
  return {
    type: 'object',
    required: merged.flatMap(({ required }): unknown[] => (Array.isArray(required) ? required : [])),
    properties: Object.assign({}, ...merged.map((part) => memberOf(part, ['properties']))),
  }
}

/** The object at a path of a JSON document; `{}` if the path leads nowhere. */
export function memberOf(value: unknown, path: readonly string[]): Json {
  let at = value
  for (const name of path) at = isObject(at) && Object.hasOwn(at, name) ? at[name] : undefined
  return isObject(at) ? at : {}
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function mapped(object: Json, change: (value: unknown) => unknown): Json {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [name, change(value)]))
}

function pick(object: Json, names: readonly string[]): Json {
  return Object.fromEntries(names.filter((name) => Object.hasOwn(object, name)).map((name) => [name, object[name]]))
}
