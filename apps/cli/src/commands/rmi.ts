import { removeImage } from '@drayage/runtime'

import type { CommandContext } from '../command-context.ts'

/** `dray rmi [-f] REF...`: takes names away, and with the last one the image and the blobs that nothing else needs. */
export async function rmiCommand(
  context: CommandContext,
  names: readonly string[],
  options: { readonly force?: boolean | undefined },
): Promise<void> {
  const { runtime, signal } = context
  await context.forEach(names, async (name) => {
    for (const line of await removeImage(runtime, name, { force: options.force === true, signal })) {
      await context.print('Untagged' in line ? `Untagged: ${line.Untagged}` : `Deleted: ${line.Deleted}`)
    }
  })
}
