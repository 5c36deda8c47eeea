import { encodeText, quote } from '@drayage/bytes'
import { digestOf, type DiffId, type Digest } from '@drayage/digest'

import { decodeImageConfig, type DecodedImageConfig } from '../config/decode-image-config.ts'
import { Schema1Error } from '../errors.ts'
import { parseObject } from '../json/parse-object.ts'
import type { DecodedSchema1 } from '../manifests/decode-manifest.ts'
import { MEDIA_TYPES } from '../media-types.ts'
import { goMap, goText, rawMembers } from './go-json.ts'
import { V1_KEYS, v1ImageMembers } from './v1-image.ts'

/** The image that a schema 1 manifest describes. */
export interface Schema1Image {
  /** Bottom to top, without those of steps that changed nothing; the same one may be listed repeatedly. */
  readonly layers: readonly Digest[]
  /**
   * The config that Docker Engine makes of the history, once it is known what the layers inflate to.
   *
   * @param diffIds one for each of `layers`
   * @throws Schema1Error `ERR_SCHEMA1` when there are more or fewer
   */
  config(diffIds: readonly DiffId[]): DecodedImageConfig
}

/** A step of the history, as its `v1Compatibility` says. */
interface Step {
  readonly path: string
  readonly text: string
  readonly blobSum: Digest
  readonly value: Readonly<Record<string, unknown>>
  /** As Docker Engine writes them. */
  readonly members: ReadonlyMap<string, string>
}

/** Versions of Docker before this one wrote members that later ones leave out. */
const FIRST_VERBATIM_VERSION = [1, 8, 3]

/** Members of a step that a config does not have. */
const STEP_MEMBERS: readonly string[] = ['id', 'parent', 'Size', 'parent_id', 'layer_id', 'throwaway']

/**
 * Checks a schema 1 manifest as Docker Engine does, and tells what image it describes: each step has an ID and the ID of the
 * step below it as its parent, no ID comes twice, except for steps that repeat the one below them, which are left out.
 *
 * @throws Schema1Error `ERR_SCHEMA1`
 * @see Docker Engine 20.10, `pullSchema1` and `MakeConfigFromV1Config`
 */
export function schema1Image({ value }: DecodedSchema1): Schema1Image {
  const all = value.history.map(({ v1Compatibility }, index) => readStep(index, v1Compatibility, value.fsLayers[index]))
  const steps = withoutRepeated(all).toReversed()
  const top = steps.at(-1)
  if (top === undefined) throw new Schema1Error('no FSLayers in manifest', 'fsLayers', 'nothing', 'at least one layer')
  const layers = steps.filter((step) => !isThrowaway(step)).map(({ blobSum }) => blobSum)
  return {
    layers,
    config(diffIds) {
      if (diffIds.length !== layers.length) {
        const reason = "layers from manifest don't match image configuration"
        throw new Schema1Error(reason, 'fsLayers', `${diffIds.length} DiffIDs`, String(layers.length))
      }
      const members = configMembers(top)
      for (const name of STEP_MEMBERS) members.delete(name)
      members.set('rootfs', rootFsJson(diffIds))
      members.set('history', `[${steps.map(historyJson).join(',')}]`)
      const bytes = encodeText(goMap(members))
      return decodeImageConfig(bytes, { mediaType: MEDIA_TYPES.dockerConfig, digest: digestOf(bytes) })
    },
  }
}

function readStep(index: number, text: string, layer: { readonly blobSum: Digest } | undefined): Step {
  const path = `history[${index}].v1Compatibility`
  const parsed = parseObject(encodeText(text), V1_KEYS)
  if (!parsed.ok || layer === undefined) {
    const [found, wanted] = parsed.ok ? ['no layer', 'one'] : [parsed.found, parsed.wanted]
    throw new Schema1Error('invalid v1Compatibility', path, found, wanted)
  }
  const { value } = parsed
  const { id, throwaway } = value
  const members = v1ImageMembers(value, path)
  if (!/^[a-f0-9]{64}$/.test(textIn(value, 'id'))) {
    const shown = quote(textIn(value, 'id'))
    throw new Schema1Error(
      `image ID ${shown} is invalid`,
      `${path}.id`,
      id === undefined ? 'nothing' : shown,
      '64 digits',
    )
  }
  if (throwaway !== undefined && throwaway !== null && typeof throwaway !== 'boolean') {
    throw new Schema1Error('json: cannot unmarshal throwaway', `${path}.throwaway`, 'another value', 'true or false')
  }
  return { path, text, value, members, blobSum: layer.blobSum }
}

/** The steps, top to bottom, once the chain of their parents is checked. */
function withoutRepeated(steps: readonly Step[]): Step[] {
  const [base] = steps.slice(-1)
  if (base !== undefined && textIn(base.value, 'parent') !== '') {
    const found = quote(textIn(base.value, 'parent'))
    throw new Schema1Error('invalid parent ID in the base layer of the image', `${base.path}.parent`, found, 'none')
  }
  const met = new Set<string>()
  let last: string | undefined
  for (const { value, path } of steps) {
    const id = textIn(value, 'id')
    if (id !== last && met.has(id)) {
      throw new Schema1Error(`ID ${id} appears multiple times in manifest`, `${path}.id`, quote(id), 'another ID')
    }
    met.add(id)
    last = id
  }
  return steps.filter((step, index) => {
    const below = steps[index + 1]
    if (below === undefined) return true
    const [id, parent, expected] = [
      textIn(step.value, 'id'),
      textIn(step.value, 'parent'),
      textIn(below.value, 'id'),
    ] as const
    if (id === expected) return false
    if (parent === expected) return true
    const reason = `invalid parent ID. Expected ${expected}, got ${parent}`
    throw new Schema1Error(reason, `${step.path}.parent`, quote(parent), quote(expected))
  })
}

function textIn(value: Readonly<Record<string, unknown>>, name: string): string {
  const text = value[name]
  return typeof text === 'string' ? text : ''
}

function isThrowaway({ value }: Step): boolean {
  return value['throwaway'] === true
}

function historyJson(step: Step): string {
  const { members, value } = step
  const { container_config: container } = value as { readonly container_config?: { readonly Cmd?: unknown } | null }
  const command = container?.Cmd ?? []
  const words = Array.isArray(command) ? command : [command]
  const createdBy = words.map((word: unknown) => (typeof word === 'string' ? word : '')).join(' ')
  const entry: (readonly [string, string | undefined])[] = [
    ['created', members.get('created')],
    ['author', members.get('author')],
    ['created_by', createdBy === '' ? undefined : goText(createdBy)],
    ['comment', members.get('comment')],
    ['empty_layer', isThrowaway(step) ? 'true' : undefined],
  ]
  return `{${entry.flatMap(([name, json]) => (json === undefined ? [] : [`"${name}":${json}`])).join(',')}}`
}

function rootFsJson(diffIds: readonly DiffId[]): string {
  const ids = diffIds.length === 0 ? '' : `,"diff_ids":[${diffIds.map((id) => goText(id)).join(',')}]`
  return `{"type":"layers"${ids}}`
}

function configMembers({ text, value, members }: Step): Map<string, string> {
  return isBeforeVerbatim(textIn(value, 'docker_version')) ? new Map(members) : rawMembers(text)
}

/** Parts that are not numbers count as zero. */
function isBeforeVerbatim(version: string): boolean {
  const parts = version.split('.').map((part) => (/^[+-]?\d+$/.test(part) ? Number(part) : 0))
  for (const [index, expected] of FIRST_VERBATIM_VERSION.entries()) {
    const part = parts[index] ?? 0
    if (part !== expected) return part < expected
  }
  return false
}
