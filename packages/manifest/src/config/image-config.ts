import * as z from 'zod/mini'

import type { DiffId } from '@drayage/digest'

import {
  boundedArray,
  diffIdCodec,
  lenientObject,
  listCodec,
  nameSetCodec,
  textMapCodec,
  textOrTextsCodec,
  textsCodec,
  type Codec,
} from '../json/codec.ts'
import { MAX_HISTORY, MAX_LAYERS } from '../limits.ts'

/**
 * What an image runs on, how it runs, and its layers. Unknown members are kept; `null` means absent.
 *
 * @see OCI image-spec v1.1.1, config.md; Docker Image Specification v1.2
 */
export interface ImageConfig {
  readonly architecture?: string
  readonly os?: string
  readonly variant?: string
  readonly 'os.version'?: string
  readonly 'os.features'?: readonly string[]
  /** An RFC 3339 date and time, unchecked. */
  readonly created?: string
  readonly author?: string
  readonly config?: ContainerConfig
  /** Absent in images from before content addressing and in configs of artifacts. */
  readonly rootfs?: RootFs
  /** Oldest first. */
  readonly history?: readonly HistoryEntry[]
}

/** The layers of an image. */
export interface RootFs {
  /** `layers`; on old Windows images `layers+base`. */
  readonly type: string
  /** Bottom to top. */
  readonly diff_ids: readonly DiffId[]
}

/** How a layer, or a change without a layer, was made. */
export interface HistoryEntry {
  readonly created?: string
  readonly created_by?: string
  readonly author?: string
  readonly comment?: string
  readonly empty_layer?: boolean
}

/** How a container of the image runs by default. */
export interface ContainerConfig {
  readonly User?: string
  readonly ExposedPorts?: Readonly<Record<string, unknown>>
  readonly Env?: readonly string[]
  /** Old builders wrote a single string; it is decoded as an array. */
  readonly Entrypoint?: readonly string[]
  /** Old builders wrote a single string; it is decoded as an array. */
  readonly Cmd?: readonly string[]
  readonly Volumes?: Readonly<Record<string, unknown>>
  readonly WorkingDir?: string
  readonly Labels?: Readonly<Record<string, string>>
  readonly StopSignal?: string
}

const text = z.exactOptional(z.string())

const containerConfigCodec: Codec<ContainerConfig> = lenientObject({
  User: text,
  ExposedPorts: z.exactOptional(nameSetCodec),
  Env: z.exactOptional(textsCodec),
  Entrypoint: z.exactOptional(textOrTextsCodec),
  Cmd: z.exactOptional(textOrTextsCodec),
  Volumes: z.exactOptional(nameSetCodec),
  WorkingDir: text,
  Labels: z.exactOptional(textMapCodec),
  StopSignal: text,
})

const historyEntryCodec: Codec<HistoryEntry> = lenientObject({
  created: text,
  created_by: text,
  author: text,
  comment: text,
  empty_layer: z.exactOptional(z.boolean()),
})

const rootFsCodec: Codec<RootFs> = lenientObject({
  type: z._default(z.string(), 'layers'),
  diff_ids: listCodec(diffIdCodec, MAX_LAYERS),
})

/** Decodes the value of an image config. */
export const imageConfigCodec: Codec<ImageConfig> = lenientObject({
  architecture: text,
  os: text,
  variant: text,
  'os.version': text,
  'os.features': z.exactOptional(textsCodec),
  created: text,
  author: text,
  config: z.exactOptional(containerConfigCodec),
  rootfs: z.exactOptional(rootFsCodec),
  history: z.exactOptional(boundedArray(historyEntryCodec, MAX_HISTORY)),
})
