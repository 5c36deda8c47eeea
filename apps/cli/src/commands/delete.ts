import { quote } from '@drayage/bytes'
import { familiarReference, familiarRepository, parseReference } from '@drayage/reference'
import { deleteRemote } from '@drayage/runtime'

import type { CommandContext } from '../command-context.ts'
import { UsageError } from '../errors.ts'

/** Options of `dray delete`. */
export interface DeleteCommandOptions {
  readonly force?: boolean | undefined
}

/** `dray delete REF [--force]`: deletes a tag from its registry, or a manifest by its digest. */
export async function deleteCommand(
  context: CommandContext,
  name: string,
  { force = false }: DeleteCommandOptions,
): Promise<void> {
  const reference = parseReference(name)
  if ((reference.tag === undefined) === (reference.digest === undefined)) {
    throw new UsageError(`Cannot delete ${quote(name)}: expected a tag or a digest, and not both`)
  }
  const { runtime, signal, onEvent } = context
  const deleted = await deleteRemote(runtime, reference, { force, signal, onEvent })
  await context.print(
    deleted.kind === 'tag'
      ? `Untagged: ${familiarReference(deleted.reference)}`
      : `Deleted: ${familiarRepository(deleted.reference)}@${deleted.digest}`,
  )
}
