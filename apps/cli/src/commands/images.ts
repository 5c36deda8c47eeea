import { formatSize } from '@drayage/distribution'
import { listImages, type ImageSummary } from '@drayage/runtime'

import type { CommandContext } from '../command-context.ts'
import { createdColumns, columnId } from '../output/docker-columns.ts'
import { createRowPrinter, type Column } from '../output/rows.ts'
import { printTree } from './images-tree.ts'

/** Options of `dray images`. */
export interface ImagesCommandOptions {
  readonly quiet?: boolean | undefined
  readonly digests?: boolean | undefined
  readonly tree?: boolean | undefined
  readonly trunc: boolean
  readonly format?: string | undefined
  readonly filter?: readonly string[] | undefined
}

interface Row {
  readonly Repository: string
  readonly Tag: string
  readonly Digest: string
  readonly ID: string
  readonly CreatedSince: string
  readonly CreatedAt: string
  readonly Size: string
  readonly Platform: string
  readonly Fault: string
}

/** `dray images [PATTERN]`: the images of the store, in docker's columns and one more. */
export async function imagesCommand(
  context: CommandContext,
  pattern: string | undefined,
  { quiet = false, digests = false, tree = false, trunc, format = 'table', filter = [] }: ImagesCommandOptions,
): Promise<void> {
  const { runtime, signal } = context
  const filters = pattern === undefined ? filter : [`reference=${pattern}`, ...filter]
  const images = await listImages(runtime, { filters, signal })
  const columns: readonly (readonly [string, keyof Row])[] = [
    ['REPOSITORY', 'Repository'],
    ['TAG', 'Tag'],
    ...(digests ? ([['DIGEST', 'Digest']] as const) : []),
    ['IMAGE ID', 'ID'],
    ['CREATED', 'CreatedSince'],
    ['SIZE', 'Size'],
    ['PLATFORM', 'Platform'],
    ...(images.some(({ Fault }) => Fault !== undefined) ? ([['FAULT', 'Fault']] as const) : []),
  ]
  const printer = createRowPrinter(context, format, columns satisfies readonly Column[])
  if (tree) return await printTree(context, images, trunc)
  if (quiet) {
    for (const { Id } of images) await context.print(columnId(Id, trunc))
    return
  }
  for (const row of images.flatMap((image) => rowsOf(image, trunc))) await printer.row({ ...row })
  await printer.end()
}

/** One row for each tag; an image with digests alone has rows without a tag, one without any name a single row. */
function rowsOf(image: ImageSummary, isShort: boolean): Row[] {
  const digestOf = new Map(image.RepoDigests.map((name) => splitAt(name, name.lastIndexOf('@'))))
  const common = {
    ID: columnId(image.Id, isShort),
    ...createdColumns(image.Created),
    Size: formatSize(image.Size),
    Platform: image.Platforms.join(','),
    Fault: image.Fault ?? '',
  }
  const tagged = image.RepoTags.map((name) => splitAt(name, name.lastIndexOf(':')))
  const named = new Set(tagged.map(([repository]) => repository))
  const untagged = [...digestOf.keys()].filter((repository) => !named.has(repository))
  const names: [string, string][] = [...tagged, ...untagged.map((each): [string, string] => [each, '<none>'])]
  if (names.length === 0) names.push(['<none>', '<none>'])
  return names.map(([Repository, Tag]) => ({
    Repository,
    Tag,
    Digest: digestOf.get(Repository) ?? '<none>',
    ...common,
  }))
}

function splitAt(text: string, position: number): [string, string] {
  return [text.slice(0, position), text.slice(position + 1)]
}
