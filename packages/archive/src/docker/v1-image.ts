import { digestHex, digestOf } from '@drayage/digest'

import { goJson, legacyTime } from './go-json.ts'

/** How the value of a member is written when it is absent: left out, or Go's zero value. */
type Member = readonly [name: string, absent: 'omit' | '' | false | null]

/** The members of a container's config in the order of Docker Engine 20.10. */
const CONTAINER_CONFIG: readonly Member[] = [
  ...(['Hostname', 'Domainname', 'User'] as const).map((name): Member => [name, '']),
  ...(['AttachStdin', 'AttachStdout', 'AttachStderr'] as const).map((name): Member => [name, false]),
  ['ExposedPorts', 'omit'],
  ...(['Tty', 'OpenStdin', 'StdinOnce'] as const).map((name): Member => [name, false]),
  ['Env', null],
  ['Cmd', null],
  ['Healthcheck', 'omit'],
  ['ArgsEscaped', 'omit'],
  ['Image', ''],
  ['Volumes', null],
  ['WorkingDir', ''],
  ['Entrypoint', null],
  ['NetworkDisabled', 'omit'],
  ['MacAddress', 'omit'],
  ['OnBuild', null],
  ['Labels', null],
  ['StopSignal', 'omit'],
  ['StopTimeout', 'omit'],
  ['Shell', 'omit'],
]

/** Members that are maps, whose keys Go sorts. */
const MAPS: ReadonlySet<string> = new Set(['ExposedPorts', 'Volumes', 'Labels'])

const HEALTHCHECK = ['Test', 'Interval', 'Timeout', 'StartPeriod', 'Retries'] as const

/** The members of an image before content addressing, in the order of Docker Engine 20.10; `created` is always there. */
const IMAGE = ['comment', 'created', 'container', 'container_config', 'docker_version', 'author', 'config'] as const
const PLATFORM = ['architecture', 'variant', 'os'] as const

type JsonObject = Readonly<Record<string, unknown>>

/** An image as archives described it before `manifest.json`, by its ID. */
export interface V1Image {
  readonly id: string
  /** Its `json`. */
  readonly json: string
}

/** What a layer is in an image of that time. */
export interface V1Layer {
  readonly chainId: string
  /** The ID of the layer below. */
  readonly parent: string | undefined
  /** The image's config, for its top layer; layers below tell nothing but the system. */
  readonly top: JsonObject | undefined
  readonly os: string
}

/**
 * The image that a layer was with those below it, with the bytes and the ID of Docker Engine 20.10: the ID is the digest
 * of its description with sorted members, with the ChainID of the layer and the digest below.
 *
 * @see Docker Image Specification v1.0.0, "Image JSON Description"
 */
export function v1Image({ chainId, parent, top, os }: V1Layer): V1Image {
  const members = top === undefined ? LOWER_MEMBERS : topMembers(top)
  const identity: readonly (readonly [string, unknown])[] = [
    ...members,
    ['layer_id', chainId],
    ...(parent === undefined ? [] : [['parent', `sha256:${parent}`] as const]),
  ]
  const id = digestHex(digestOf(goJson(Object.fromEntries(identity.toSorted(([a], [b]) => (a < b ? -1 : 1))))))
  const above = parent === undefined ? {} : { parent }
  // The system came later, and is not in the ID of a lower layer.
  const system = top !== undefined || os === '' ? {} : { os }
  return { id, json: goJson({ id, ...above, ...Object.fromEntries(members), ...system }) }
}

/** What was written of layers below the top one, for readers before Docker 1.9. */
const LOWER_MEMBERS: readonly (readonly [string, unknown])[] = [
  ['created', '1970-01-01T00:00:00Z'],
  ['container_config', containerConfig({})],
]

function topMembers(config: JsonObject): [string, unknown][] {
  return [...IMAGE, ...PLATFORM].flatMap((name): [string, unknown][] => {
    const value = config[name]
    if (name === 'created') return [[name, legacyTime(typeof value === 'string' ? value : '')]]
    if (name === 'container_config') return [[name, containerConfig(isObject(value) ? value : {})]]
    if (name === 'config') return isObject(value) ? [[name, containerConfig(value)]] : []
    return typeof value === 'string' && value !== '' ? [[name, value]] : []
  })
}

function containerConfig(config: JsonObject): JsonObject {
  const members = CONTAINER_CONFIG.flatMap(([name, absent]): [string, unknown][] => {
    const value = config[name]
    if (name === 'Healthcheck') return isObject(value) ? [[name, healthcheck(value)]] : []
    if (!isZero(value)) return [[name, MAPS.has(name) && isObject(value) ? sorted(value) : value]]
    if (absent === 'omit') return []
    // An empty list or map is not the absent one.
    return [[name, absent === null && value !== undefined ? value : absent]]
  })
  return Object.fromEntries(members)
}

function healthcheck(value: JsonObject): JsonObject {
  return Object.fromEntries(
    HEALTHCHECK.flatMap((name) => (isZero(value[name]) ? [] : [[name, value[name]] as [string, unknown]])),
  )
}

function sorted(map: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(map).toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

/** Whether Go leaves out a member with this value where it may. */
function isZero(value: unknown): boolean {
  if (value === undefined || value === null || value === '' || value === 0 || value === false) return true
  if (Array.isArray(value)) return value.length === 0
  return isObject(value) && Object.keys(value).length === 0
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
