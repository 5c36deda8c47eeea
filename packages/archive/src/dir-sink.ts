import { mkdir, readdir, rm } from 'node:fs/promises'
import { basename, join, resolve as resolvePath } from 'node:path'

import { type AbortOptions, encodeText } from '@drayage/bytes'
import {
  assertIngestKey,
  type Checker,
  createKeyedLock,
  type Fetcher,
  type Ingester,
  readBlob,
  type Tagger,
  walk,
} from '@drayage/content'
import { digestAlgorithm, isDigest } from '@drayage/digest'
import type { Descriptor } from '@drayage/manifest'

import { fetchFile, hasFile } from './content-file.ts'
import { DIR_VERSION, dirPath, findDirFile, hasDirVersion, readDirManifest } from './dir-files.ts'
import { DirImageError } from './errors.ts'
import { LayoutIngest } from './layout-ingest.ts'
import { replaceFile } from './replace-file.ts'

/** Options of {@link openDirSink}. */
export interface DirSinkOptions extends AbortOptions {
  /** Created when it is missing. */
  readonly directory: string
  /** Whether to replace an image that is there; `false` by default. */
  readonly overwrite?: boolean
}

/** A directory as a sink of one image or index. `tag` is `put`: the directory keeps no names. */
export interface DirSink extends Ingester, Checker, Fetcher, Tagger {
  /** Makes `what`, whose content is there, the image of the directory; of an older one, what it does not need goes. */
  put(what: Descriptor, options?: AbortOptions): Promise<void>
}

/** Files of an image in such a directory. */
const OWN_FILE = /^(?:[0-9a-f]{64}|[0-9a-f]{128})(?:\.manifest\.json)?$|^signature-[0-9]+$/

const INGESTS = '.drayage-ingest'

/**
 * Opens a directory for one image, in the form that skopeo calls `dir:`. A copy that was interrupted goes on with the
 * blobs that are there.
 *
 * @throws DirImageError `ERR_DIR_IMAGE` when it holds something else, or an image unless `overwrite`
 */
export async function openDirSink(options: DirSinkOptions): Promise<DirSink> {
  const directory = resolvePath(options.directory)
  await prepare(directory, options)
  const keys = createKeyedLock()
  const find = (what: Descriptor): ReturnType<typeof findDirFile> => findDirFile(directory, what)
  const fetcher: Fetcher = { fetch: (what, fetchOptions) => fetchFile(find, what, fetchOptions) }
  const has = (what: Descriptor, hasOptions?: AbortOptions): Promise<boolean> => hasFile(find, what, hasOptions)
  const put = async (what: Descriptor, { signal }: AbortOptions = {}): Promise<void> => {
    const bytes = await readBlob(fetcher, what, { signal })
    const needed = await filesOf(directory, fetcher, what, { signal })
    await replaceFile(directory, 'manifest.json', bytes)
    for (const name of await readdir(directory)) {
      if (OWN_FILE.test(name) && !needed.has(name)) await rm(join(directory, name))
    }
  }
  return {
    ...fetcher,
    has,
    put,
    tag: (what, _, tagOptions) => put(what, tagOptions),
    async begin(key, { signal } = {}) {
      assertIngestKey(key)
      const release = await keys.acquire(key, { signal })
      try {
        return await LayoutIngest.open({
          key,
          directory: join(directory, INGESTS),
          algorithm: isDigest(key) ? digestAlgorithm(key) : 'sha256',
          blobPath: (what) => dirPath(directory, what),
          has,
          release,
        })
      } catch (error) {
        release()
        throw error
      }
    },
  }
}

async function prepare(directory: string, { overwrite = false, signal }: DirSinkOptions): Promise<void> {
  signal?.throwIfAborted()
  await mkdir(directory, { recursive: true })
  if (!(await hasDirVersion(directory, { signal }))) {
    const names = await readdir(directory)
    if (names.length > 0) throw new DirImageError(directory, `${names.length} files`, 'an empty directory or an image')
    await replaceFile(directory, 'version', encodeText(DIR_VERSION))
  }
  if (!overwrite && (await readDirManifest(directory, { signal })) !== undefined) {
    throw new DirImageError(directory, 'an image', 'none, since it is not to be replaced')
  }
}

/** The names of the files that the graph below `root` needs, besides `manifest.json`. */
async function filesOf(
  directory: string,
  source: Fetcher,
  root: Descriptor,
  { signal }: AbortOptions,
): Promise<Set<string>> {
  const names = new Set<string>()
  for await (const { descriptor } of walk(source, root, { signal })) names.add(basename(dirPath(directory, descriptor)))
  names.delete(basename(dirPath(directory, root)))
  return names
}
