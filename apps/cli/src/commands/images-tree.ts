import { formatSize } from '@drayage/distribution'
import { formatPlatform } from '@drayage/manifest'
import { bytesOnce, imageManifests, type ContainedManifest, type ImageSummary } from '@drayage/runtime'

import type { CommandContext } from '../command-context.ts'
import { columnId } from '../output/docker-columns.ts'
import { createRowPrinter, type Column } from '../output/rows.ts'

const COLUMNS: readonly Column[] = [
  ['IMAGE', 'Image'],
  ['ID', 'ID'],
  ['SIZE ON DISK', 'Size'],
  ['', 'Note'],
]

/** Prints images with what their names stand for: each image and attestation of an index, and which of them are here. */
export async function printTree(
  context: CommandContext,
  images: readonly ImageSummary[],
  isShort: boolean,
): Promise<void> {
  const { runtime, signal } = context
  const printer = createRowPrinter(context, 'table', COLUMNS)
  const store = await runtime.openStore()
  for (const { Id, RepoTags, RepoDigests, Fault = '', Descriptor: target } of images) {
    const manifests = await imageManifests(store, target, { signal })
    const content = bytesOnce(manifests.flatMap(({ content: held }) => held))
    const names = RepoTags.length > 0 ? RepoTags : RepoDigests.slice(0, 1)
    const [first = '<none>', ...others] = names
    await printer.row({ Image: first, ID: columnId(Id, isShort), Size: formatSize(content), Note: Fault })
    for (const name of others) await printer.row({ Image: name, ID: '', Size: '', Note: '' })
    if (isAlone(manifests, target)) continue
    for (const [at, each] of manifests.entries()) {
      const branch = at === manifests.length - 1 ? '└─' : '├─'
      await printer.row({
        Image: `${branch} ${titleOf(each)}`,
        ID: columnId(each.descriptor.digest, isShort),
        Size: formatSize(bytesOnce(each.content)),
        Note: each.isAvailable ? '' : 'not here',
      })
    }
  }
  await printer.end()
}

/** Whether a name stands for the image itself. */
function isAlone(manifests: readonly ContainedManifest[], target: ImageSummary['Descriptor']): boolean {
  return manifests.length === 1 && manifests[0]?.descriptor.digest === target.digest
}

function titleOf({ kind, platform, about }: ContainedManifest): string {
  if (kind === 'attestation') return `attestation of ${about === undefined ? 'nothing' : columnId(about, true)}`
  return platform === undefined ? kind : formatPlatform(platform)
}
