import { parseReference, withDefaultTag } from '@drayage/reference'
import { remoteReferrers, resolveRemote } from '@drayage/runtime'

import type { CommandContext } from '../command-context.ts'
import { createRowPrinter, type Column } from '../output/rows.ts'

/** Options of `dray referrers`. */
export interface ReferrersCommandOptions {
  readonly artifactType?: string | undefined
  readonly format?: string | undefined
}

const COLUMNS: readonly Column[] = [
  ['DIGEST', 'Digest'],
  ['ARTIFACT TYPE', 'ArtifactType'],
  ['SIZE', 'Size'],
]

/** `dray referrers REF`: what refers to a manifest, such as signatures, one a line. */
export async function referrersCommand(
  context: CommandContext,
  name: string,
  { artifactType, format = '{{.Digest}} {{.ArtifactType}}' }: ReferrersCommandOptions,
): Promise<void> {
  const { runtime, signal, onEvent } = context
  const printer = createRowPrinter(context, format, COLUMNS)
  const reference = withDefaultTag(parseReference(name))
  const digest = reference.digest ?? (await resolveRemote(runtime, reference, { signal, onEvent })).digest
  for await (const referrer of remoteReferrers(runtime, reference, digest, { artifactType, signal, onEvent })) {
    await printer.row({
      Digest: referrer.digest,
      ArtifactType: referrer.artifactType ?? '-',
      MediaType: referrer.mediaType,
      Size: referrer.size,
      Annotations: referrer.annotations ?? {},
    })
  }
  await printer.end()
}
