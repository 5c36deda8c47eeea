import type { ImageInspection } from '@drayage/runtime'

import { isFrom, type ApiVersion } from '../http/api-version.ts'
import { inspectedConfig, NO_CONTAINER_CONFIG } from './inspected-config.ts'

/** What Docker Engine shows of a time that is not known. */
export const UNKNOWN_TIME = '0001-01-01T00:00:00Z'

/** What an image without a config shows since 1.52. */
const NO_CONFIG: object = {}

/**
 * An image as a version of the API shows it. Since 1.52 what is empty is left out, and so is `GraphDriver`, since nothing
 * is unpacked; since 1.48 there is a descriptor; before 1.45 the container that the image was committed from, which is not
 * known, is there, and before 1.44 the size is there twice.
 */
export function inspectedImage(version: ApiVersion, { Descriptor, ...image }: ImageInspection): object {
  const described = isFrom(version, 48) ? { Descriptor } : {}
  if (isFrom(version, 52)) return { ...withoutEmpty(image), ...described }
  const { Config } = image
  return {
    ...image,
    ...(isFrom(version, 45) ? {} : { Container: '', ContainerConfig: inspectedConfig(NO_CONTAINER_CONFIG, true) }),
    Config: Config === null ? null : inspectedConfig(Config, !isFrom(version, 50)),
    ...(isFrom(version, 44) ? {} : { VirtualSize: image.Size }),
    GraphDriver: { Data: null, Name: 'drayage' },
    ...described,
  }
}

/** Members that are left out when they are empty. */
const OPTIONAL: ReadonlySet<string> = new Set(['Parent', 'Comment', 'DockerVersion', 'Author'])

function withoutEmpty({ Config, RootFS, Created, ...image }: Omit<ImageInspection, 'Descriptor'>): object {
  const members = Object.entries(image).filter(([name, value]) => !OPTIONAL.has(name) || !isEmpty(value))
  return {
    ...Object.fromEntries(members),
    ...(Created === UNKNOWN_TIME ? {} : { Created }),
    Config: Config === null ? NO_CONFIG : filled(inspectedConfig(Config, false)),
    RootFS: filled(RootFS),
  }
}

function filled(value: object): object {
  return Object.fromEntries(Object.entries(value).filter(([, member]: [string, unknown]) => !isEmpty(member)))
}

/** What Go leaves out: nothing, false, zero, and texts, lists and maps without anything in them. */
function isEmpty(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.keys(value).length === 0
  return value === null || value === undefined || value === '' || value === false || value === 0
}
