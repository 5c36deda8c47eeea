import { familiarReference, familiarRepository, parseReference, withDefaultTag } from '@drayage/reference'
import { deleteRemote, openRemote, remoteBlob } from '@drayage/runtime'

import type { CommandContext } from '../command-context.ts'
import { formatTable } from '../format/table.ts'
import { formatRows } from '../print-formatted.ts'
import { escapeForTerminal } from '../render/escape.ts'
import { UsageError } from '../usage-error.ts'

/** `dray blob REPO@DIGEST`: a blob of a registry, byte for byte and verified. */
export async function blobCommand(context: CommandContext, name: string): Promise<void> {
  const { runtime, signal } = context
  const reference = parseReference(name)
  const { digest } = reference
  if (digest === undefined) throw new UsageError(`Cannot print blob ${JSON.stringify(name)}: found no digest`)
  for await (const chunk of remoteBlob(runtime, reference, digest, { signal })) await context.write(chunk)
}

/** `dray catalog HOST`: the repositories of a registry, a line each. */
export async function catalogCommand(context: CommandContext, host: string): Promise<void> {
  for await (const path of openCatalog(context, host)) await context.print(escapeForTerminal(path))
}

function openCatalog({ runtime, signal }: CommandContext, host: string): AsyncIterable<string> {
  try {
    return runtime.registry.catalog(host, { signal })
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause
    throw new UsageError(`Cannot list the repositories of ${JSON.stringify(host)}: expected a host`, { cause })
  }
}

/** Options of `dray referrers`. */
export interface ReferrersCommandOptions {
  readonly artifactType?: string | undefined
  readonly format?: string | undefined
}

/** `dray referrers REF`: what has the manifest as its subject, a line each. */
export async function referrersCommand(
  context: CommandContext,
  name: string,
  { artifactType, format = '{{.Digest}} {{.ArtifactType}}' }: ReferrersCommandOptions,
): Promise<void> {
  const { runtime, signal } = context
  const reference = withDefaultTag(parseReference(name))
  const remote = openRemote(runtime, reference)
  const digest = reference.digest ?? (await remote.resolve(reference, { signal })).digest
  const inTable = format === 'table'
  const cells: string[][] = []
  for await (const referrer of remote.referrers(digest, { artifactType, signal })) {
    const row = {
      Digest: referrer.digest,
      ArtifactType: referrer.artifactType ?? '-',
      MediaType: referrer.mediaType,
      Size: referrer.size,
      Annotations: referrer.annotations ?? {},
    }
    if (inTable) cells.push([row.Digest, row.ArtifactType, String(row.Size)].map((cell) => escapeForTerminal(cell)))
    else for (const line of formatRows(format, [row], context)) await context.print(line)
  }
  if (inTable) await context.print(formatTable(['DIGEST', 'ARTIFACT TYPE', 'SIZE'], cells))
}

/** Options of `dray delete`. */
export interface DeleteCommandOptions {
  readonly force?: boolean | undefined
}

/** `dray delete REF [--force]`: takes a tag, or a manifest, out of its registry. */
export async function deleteCommand(
  context: CommandContext,
  name: string,
  { force = false }: DeleteCommandOptions,
): Promise<void> {
  const reference = parseReference(name)
  if ((reference.tag === undefined) === (reference.digest === undefined)) {
    throw new UsageError(`Cannot delete ${JSON.stringify(name)}: expected a tag or a digest, and not both`)
  }
  const deleted = await deleteRemote(context.runtime, reference, { force, signal: context.signal })
  await context.print(
    deleted.kind === 'tag'
      ? `Untagged: ${familiarReference(deleted.reference)}`
      : `Deleted: ${familiarRepository(deleted.reference)}@${deleted.digest}`,
  )
}
