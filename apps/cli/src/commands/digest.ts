import { parseReference, withDefaultTag } from '@drayage/reference'
import { remoteManifest, resolveRemote } from '@drayage/runtime'

import type { CommandContext } from '../command-context.ts'

/** Options of `dray digest`. */
export interface DigestCommandOptions {
  readonly platform?: string | undefined
}

/** `dray digest REF...`: what references resolve to in their registries; with a platform, the manifest for it. */
export async function digestCommand(
  context: CommandContext,
  names: readonly string[],
  options: DigestCommandOptions,
): Promise<void> {
  const { runtime, signal, onEvent } = context
  for (const name of names) {
    const reference = withDefaultTag(parseReference(name))
    if (options.platform === undefined) {
      const target = await resolveRemote(runtime, reference, { signal, onEvent })
      await context.print(target.digest)
    } else {
      const manifest = await remoteManifest(runtime, reference, { selectPlatform: true, signal, onEvent })
      await context.print(manifest.descriptor.digest)
    }
  }
}
