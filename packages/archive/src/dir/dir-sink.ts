import type { AbortOptions } from '@drayage/bytes'
import {
  type Checker,
  type Fetcher,
  type Ingester,
  readBlob,
  type SignedPutter,
  type Tagger,
  verifyContent,
  walk,
} from '@drayage/content'
import { disk, removeLeftBehind, replaceHeldFile } from '@drayage/files'
import { digestHex } from '@drayage/digest'
import { manifestKind, type Descriptor } from '@drayage/manifest'

import { fetchFile, hasFile } from '../content-file.ts'
import { DIR_VERSION, dirName, findDirFile, hasDirVersion, readDirManifest } from './dir-files.ts'
import { DirImageError } from '../errors.ts'
import { createDirectoryIngester } from '../directory-ingest.ts'
import { type SinkDirectory, sinkDirectory } from '../sink-directory.ts'

/** Options of {@link openDirSink}. */
export interface DirSinkOptions extends AbortOptions {
  /** Created when it is missing. */
  readonly directory: string
  /** Whether to replace an image that is there; `false` by default. */
  readonly overwrite?: boolean
}

/** A directory as a sink of one image or index. `tag` is `put`: the directory keeps no names. */
export interface DirSink extends Ingester, Checker, Fetcher, Tagger, SignedPutter {
  /** Makes `what`, whose content is there, the image of the directory; of an older one, what it does not need goes. */
  put(what: Descriptor, options?: AbortOptions): Promise<void>
}

/** Files of an image in such a directory. */
const OWN_FILE = /^(?:[0-9a-f]{64}|[0-9a-f]{128})(?:\.manifest\.json)?$|^signature-[0-9]+$/

const ELSEWHERE = { hint: 'Choose an empty directory.' }

/**
 * Opens a directory for one image, in the form that skopeo calls `dir:`. An interrupted copy continues with the
 * blobs that are there.
 *
 * @throws DirImageError `ERR_DIR_IMAGE` when it holds something else, or an image unless `overwrite`
 */
export async function openDirSink(options: DirSinkOptions): Promise<DirSink> {
  const sink = sinkDirectory(options.directory)
  const { path: directory } = sink
  await prepare(sink, options)
  const find = (what: Descriptor): ReturnType<typeof findDirFile> => findDirFile(directory, what)
  const fetcher: Fetcher = { fetch: (what, fetchOptions) => fetchFile(find, what, fetchOptions) }
  const has = (what: Descriptor, hasOptions?: AbortOptions): Promise<boolean> => hasFile(find, what, hasOptions)
  const put = async (what: Descriptor, { signal }: AbortOptions = {}): Promise<void> => {
    const bytes = await readBlob(fetcher, what, { signal })
    const needed = await filesOf({ ...fetcher, has }, what, { signal })
    await using held = await sink.hold()
    await replaceHeldFile({ directory: held, name: 'manifest.json' }, bytes)
    for (const name of await disk.readdir(held.at('.'))) {
      if (OWN_FILE.test(name) && !needed.has(name)) await disk.rm(held.at(name))
    }
  }
  return {
    ...fetcher,
    has,
    put,
    tag: (what, _, tagOptions) => put(what, tagOptions),
    putSigned: async (what, signed, name, putOptions = {}) => {
      putOptions.signal?.throwIfAborted()
      verifyContent(signed, what)
      await using held = await sink.hold()
      await replaceHeldFile({ directory: held, name: dirName(what) }, signed)
      if (name !== undefined) await put(what, putOptions)
    },
    ...createDirectoryIngester({ directory: sink, pathOf: (what) => [dirName(what)], has }),
  }
}

async function prepare(sink: SinkDirectory, { overwrite = false, signal }: DirSinkOptions): Promise<void> {
  signal?.throwIfAborted()
  await using held = await sink.hold()
  const { path: directory } = sink
  if (!(await hasDirVersion(directory, { signal }))) {
    await removeLeftBehind({ directory: held, name: 'version' })
    const names = await disk.readdir(held.at('.'))
    if (names.length > 0) throw new DirImageError(directory, 'it holds other files', ELSEWHERE)
    await replaceHeldFile({ directory: held, name: 'version' }, DIR_VERSION)
  }
  if (!overwrite && (await readDirManifest(directory, { signal })) !== undefined) {
    throw new DirImageError(directory, 'it holds an image already', ELSEWHERE)
  }
}

/** The names of the files that the graph below `root` needs, besides `manifest.json`; not all of an index may have come. */
async function filesOf(source: Fetcher & Checker, root: Descriptor, { signal }: AbortOptions): Promise<Set<string>> {
  const names = new Set<string>()
  const isMissing = async (what: Descriptor): Promise<boolean> =>
    manifestKind(what.mediaType) !== undefined && what.digest !== root.digest && !(await source.has(what, { signal }))
  for await (const { descriptor, manifest } of walk(source, root, { skip: isMissing, signal })) {
    names.add(dirName(descriptor))
    const layers = manifest?.kind === 'schema1' ? manifest.value.fsLayers : []
    for (const { blobSum } of layers) names.add(digestHex(blobSum))
  }
  names.delete(dirName(root))
  return names
}
