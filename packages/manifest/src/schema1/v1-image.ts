import { quote } from '@drayage/bytes'

import { Schema1Error } from '../errors.ts'
import { isRecord } from '../json/codec.ts'
import { keyRules, type KeyRules } from '../json/scan-json.ts'
import { goMap, goText } from './go-json.ts'
import { goTime, ZERO_TIME } from './go-time.ts'

/** How Go reads and writes a member. `slice` may be a single text, `set` is an object of empty objects. */
type Kind = 'text' | 'flag' | 'number' | 'pointer' | 'time' | 'texts' | 'slice' | 'set' | 'map' | readonly Field[]

type Field = readonly [name: string, kind: Kind, omitted?: 'omitempty']

const HEALTH_CHECK: readonly Field[] = [
  ['Test', 'texts', 'omitempty'],
  ['Interval', 'number', 'omitempty'],
  ['Timeout', 'number', 'omitempty'],
  ['StartPeriod', 'number', 'omitempty'],
  ['Retries', 'number', 'omitempty'],
]

/** @see Docker Engine 20.10, `container.Config` */
const CONTAINER_CONFIG: readonly Field[] = [
  ['Hostname', 'text'],
  ['Domainname', 'text'],
  ['User', 'text'],
  ['AttachStdin', 'flag'],
  ['AttachStdout', 'flag'],
  ['AttachStderr', 'flag'],
  ['ExposedPorts', 'set', 'omitempty'],
  ['Tty', 'flag'],
  ['OpenStdin', 'flag'],
  ['StdinOnce', 'flag'],
  ['Env', 'texts'],
  ['Cmd', 'slice'],
  ['Healthcheck', HEALTH_CHECK, 'omitempty'],
  ['ArgsEscaped', 'flag', 'omitempty'],
  ['Image', 'text'],
  ['Volumes', 'set'],
  ['WorkingDir', 'text'],
  ['Entrypoint', 'slice'],
  ['NetworkDisabled', 'flag', 'omitempty'],
  ['MacAddress', 'text', 'omitempty'],
  ['OnBuild', 'texts'],
  ['Labels', 'map'],
  ['StopSignal', 'text', 'omitempty'],
  ['StopTimeout', 'pointer', 'omitempty'],
  ['Shell', 'slice', 'omitempty'],
]

/** @see Docker Engine 20.10, `image.V1Image` */
const V1_IMAGE: readonly Field[] = [
  ['id', 'text', 'omitempty'],
  ['parent', 'text', 'omitempty'],
  ['comment', 'text', 'omitempty'],
  ['created', 'time'],
  ['container', 'text', 'omitempty'],
  ['container_config', CONTAINER_CONFIG],
  ['docker_version', 'text', 'omitempty'],
  ['author', 'text', 'omitempty'],
  ['config', CONTAINER_CONFIG, 'omitempty'],
  ['architecture', 'text', 'omitempty'],
  ['variant', 'text', 'omitempty'],
  ['os', 'text', 'omitempty'],
  ['Size', 'number', 'omitempty'],
]

const CONTAINER_KEYS = keyRules(namesOf(CONTAINER_CONFIG), { Healthcheck: keyRules(namesOf(HEALTH_CHECK)) })

/** The members of `v1Compatibility` that Docker Engine reads. */
export const V1_KEYS: KeyRules = keyRules([...namesOf(V1_IMAGE), 'throwaway'], {
  container_config: CONTAINER_KEYS,
  config: CONTAINER_KEYS,
})

function namesOf(fields: readonly Field[]): string[] {
  return fields.map(([name]) => name)
}

/**
 * The members of an image's JSON, each as Docker Engine writes it when it has read it: unknown ones are gone, and those that
 * it always writes are there.
 *
 * @param path of the JSON, for messages
 * @throws Schema1Error `ERR_SCHEMA1` for a member of the wrong type
 */
export function v1ImageMembers(value: Readonly<Record<string, unknown>>, path: string): Map<string, string> {
  return writeMembers(value, V1_IMAGE, path)
}

function writeMembers(
  value: Readonly<Record<string, unknown>>,
  fields: readonly Field[],
  path: string,
): Map<string, string> {
  const members = new Map<string, string>()
  for (const [name, kind, omitted] of fields) {
    const { json, isEmpty } = write(value[name] ?? undefined, kind, `${path}.${name}`, omitted === 'omitempty')
    if (omitted === undefined || !isEmpty) members.set(name, json)
  }
  return members
}

interface Written {
  readonly json: string
  readonly isEmpty: boolean
}

function write(value: unknown, kind: Kind, path: string, isOptional: boolean): Written {
  if (typeof kind !== 'string') return writeObject(value, kind, path, isOptional)
  switch (kind) {
    case 'text':
      return { json: goText(asText(value ?? '', path)), isEmpty: (value ?? '') === '' }
    case 'time':
      return { json: goText(asTime(value, path)), isEmpty: false }
    case 'flag':
      if (value !== undefined && typeof value !== 'boolean') throw misfit(value, 'true or false', path)
      return { json: String(value ?? false), isEmpty: value !== true }
    case 'number':
    case 'pointer':
      if (value !== undefined && !Number.isSafeInteger(value)) throw misfit(value, 'an integer', path)
      return {
        json: JSON.stringify(value ?? 0),
        isEmpty: kind === 'pointer' ? value === undefined : (value ?? 0) === 0,
      }
    case 'texts':
    case 'slice':
      return writeTexts(kind === 'slice' && typeof value === 'string' ? [value] : value, path)
    case 'set':
    case 'map':
      return writeMap(value, kind, path)
  }
}

/** An optional object is a pointer, which is there or not; any other has all its members even when it is absent. */
function writeObject(value: unknown, fields: readonly Field[], path: string, isOptional: boolean): Written {
  if (value === undefined && isOptional) return { json: 'null', isEmpty: true }
  if (value !== undefined && !isRecord(value)) throw misfit(value, 'an object', path)
  const members = [...writeMembers(value ?? {}, fields, path)].map(([name, json]) => `${goText(name)}:${json}`)
  return { json: `{${members.join(',')}}`, isEmpty: false }
}

function writeTexts(value: unknown, path: string): Written {
  if (value === undefined) return { json: 'null', isEmpty: true }
  if (!Array.isArray(value)) throw misfit(value, 'an array of strings', path)
  const texts = value.map((item: unknown) => goText(asText(item ?? '', path)))
  return { json: `[${texts.join(',')}]`, isEmpty: texts.length === 0 }
}

function writeMap(value: unknown, kind: 'set' | 'map', path: string): Written {
  if (value === undefined) return { json: 'null', isEmpty: true }
  if (!isRecord(value)) throw misfit(value, 'an object', path)
  const members = Object.entries(value).map(([name, member]): [string, string] => {
    if (kind === 'map') return [name.toWellFormed(), goText(asText(member ?? '', path))]
    if (member !== null && !isRecord(member)) throw misfit(member, 'an object of empty objects', path)
    return [name.toWellFormed(), '{}']
  })
  return { json: goMap(members), isEmpty: members.length === 0 }
}

function asText(value: unknown, path: string): string {
  if (typeof value !== 'string') throw misfit(value, 'a string', path)
  return value
}

function asTime(value: unknown, path: string): string {
  const time = value === undefined ? ZERO_TIME : typeof value === 'string' ? goTime(value) : undefined
  if (time === undefined) throw misfit(value, 'an RFC 3339 date and time', path)
  return time
}

function misfit(value: unknown, wanted: string, path: string): Schema1Error {
  const found = typeof value === 'string' ? quote(value) : Array.isArray(value) ? 'an array' : `a ${typeof value}`
  return new Schema1Error(`json: cannot unmarshal ${path.slice(path.lastIndexOf('.') + 1)}`, path, found, wanted)
}
