import { quote } from '@drayage/bytes'
import { parseReference } from '@drayage/reference'
import { remoteBlob } from '@drayage/runtime'

import type { CommandContext } from '../command-context.ts'
import { UsageError } from '../errors.ts'

/** `dray blob REPOSITORY@DIGEST`: a blob of a registry, byte for byte and verified. */
export async function blobCommand(context: CommandContext, name: string): Promise<void> {
  const { runtime, signal, onEvent } = context
  const reference = parseReference(name)
  const { digest } = reference
  if (digest === undefined) {
    throw new UsageError(`Cannot print blob ${quote(name)}: it has no digest`, { hint: 'Write repository@sha256:...' })
  }
  for await (const chunk of remoteBlob(runtime, reference, digest, { signal, onEvent })) await context.write(chunk)
}
