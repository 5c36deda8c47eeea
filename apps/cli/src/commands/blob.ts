import { quote } from '@drayage/bytes'
import { formatSize } from '@drayage/distribution'
import { parseReference } from '@drayage/reference'
import { remoteBlob } from '@drayage/runtime'

import type { CommandContext } from '../command-context.ts'
import { UsageError } from '../errors.ts'

/** A blob of at most so many bytes is printed once all of it is verified. */
const HELD_BYTES = 8 * 1_048_576

/** `dray blob REPOSITORY@DIGEST`: a blob of a registry, byte for byte and verified. */
export async function blobCommand(context: CommandContext, name: string): Promise<void> {
  const { runtime, signal, onEvent } = context
  const reference = parseReference(name)
  const { digest } = reference
  if (digest === undefined) {
    throw new UsageError(`Cannot print blob ${quote(name)}: it has no digest`, { hint: 'Write repository@sha256:...' })
  }
  const held: Uint8Array[] = []
  let heldBytes = 0
  const release = async (): Promise<void> => {
    for (const chunk of held.splice(0)) await context.write(chunk)
  }
  for await (const chunk of remoteBlob(runtime, reference, digest, { signal, onEvent })) {
    if (heldBytes > HELD_BYTES) {
      await context.write(chunk)
      continue
    }
    // The stream may use its array again.
    held.push(chunk.slice())
    heldBytes += chunk.byteLength
    if (heldBytes <= HELD_BYTES) continue
    context.warn(
      `blob ${digest} has more than ${formatSize(HELD_BYTES)}, so its bytes are printed before all of them are verified; if they are not its bytes, the exit code is 5`,
    )
    await release()
  }
  await release()
}
