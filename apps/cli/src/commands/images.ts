import { listImages, type ImageSummary } from '@drayage/runtime'

import type { CommandContext } from '../command-context.ts'
import { formatAge } from '../format/age.ts'
import { formatSize } from '../format/size.ts'
import { formatTable } from '../format/table.ts'
import { formatRows } from '../print-formatted.ts'

/** Options of `dray images`. */
export interface ImagesCommandOptions {
  readonly quiet?: boolean | undefined
  readonly digests?: boolean | undefined
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
}

/** `dray images [REF]`: the store's images with docker's columns. */
export async function imagesCommand(
  context: CommandContext,
  pattern: string | undefined,
  options: ImagesCommandOptions,
): Promise<void> {
  const { runtime, signal } = context
  const filters = pattern === undefined ? (options.filter ?? []) : [`reference=${pattern}`, ...(options.filter ?? [])]
  const images = await listImages(runtime, { filters, signal })
  const rows = images.flatMap((image) => rowsOf(image, options.trunc))
  if (options.quiet === true) {
    for (const id of new Set(rows.map((row) => row.ID))) await context.print(id)
    return
  }
  if (options.format !== undefined && options.format !== 'table') {
    for (const line of formatRows(options.format, rows, context)) await context.print(line)
    return
  }
  const columns: readonly (readonly [string, keyof Row])[] = [
    ['REPOSITORY', 'Repository'],
    ['TAG', 'Tag'],
    ...(options.digests === true ? ([['DIGEST', 'Digest']] as const) : []),
    ['IMAGE ID', 'ID'],
    ['CREATED', 'CreatedSince'],
    ['SIZE', 'Size'],
  ]
  const cells = rows.map((row) => columns.map(([, name]) => row[name]))
  await context.print(
    formatTable(
      columns.map(([title]) => title),
      cells,
    ),
  )
}

/** One row per tag; an image with digests only has rows without a tag, one with no name at all has a single row. */
function rowsOf(image: ImageSummary, truncate: boolean): Row[] {
  const digestOf = new Map(image.RepoDigests.map((name) => splitAt(name, name.lastIndexOf('@'))))
  const common = {
    ID: truncate ? image.Id.replace(/^sha256:/, '').slice(0, 12) : image.Id,
    CreatedSince: formatAge(new Date(image.Created * 1000).toISOString()),
    CreatedAt: new Date(image.Created * 1000).toISOString(),
    Size: formatSize(image.Size),
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
