import { parseReference, withDefaultTag } from '@drayage/reference'
import { remoteManifest } from '@drayage/runtime'

import type { CommandContext } from '../command-context.ts'
import { printDocument } from '../output/rows.ts'

/** Options of `dray manifest`. */
export interface ManifestCommandOptions {
  readonly raw?: boolean | undefined
  readonly platform?: string | undefined
}

/** `dray manifest REF [--raw]`: a manifest or index in its registry, indented or byte for byte. */
export async function manifestCommand(
  context: CommandContext,
  name: string,
  { raw = false, platform }: ManifestCommandOptions,
): Promise<void> {
  const { bytes } = await remoteManifest(context.runtime, withDefaultTag(parseReference(name)), {
    selectPlatform: platform !== undefined,
    signal: context.signal,
    onEvent: context.onEvent,
  })
  await printDocument(context, bytes, raw)
}
