import { parseReference, withDefaultTag } from '@drayage/reference'
import { remoteConfig } from '@drayage/runtime'

import type { CommandContext } from '../command-context.ts'
import { printDocument } from '../output/rows.ts'

/** Options of `dray config`. */
export interface ConfigCommandOptions {
  readonly raw?: boolean | undefined
}

/** `dray config REF [--raw]`: the config of an image in its registry, indented or byte for byte. */
export async function configCommand(
  context: CommandContext,
  name: string,
  { raw = false }: ConfigCommandOptions,
): Promise<void> {
  const reference = withDefaultTag(parseReference(name))
  const { runtime, signal, onEvent } = context
  const { bytes } = await remoteConfig(runtime, reference, { signal, onEvent })
  await printDocument(context, bytes, raw)
}
