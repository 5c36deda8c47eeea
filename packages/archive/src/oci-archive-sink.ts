import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import type { AbortOptions } from '@drayage/bytes'
import type { Descriptor } from '@drayage/manifest'

import type { ArchiveOutput } from './archive-output.ts'
import { ArchiveClosedError } from './errors.ts'
import { referrerEntry } from './layout-index.ts'
import { createOciLayoutSink, type OciLayoutSink } from './oci-layout-sink.ts'
import type { WriteArchiveOptions } from './write-members.ts'
import { type OciArchiveRoot, writeOciArchive } from './write-oci-archive.ts'

/** Options of {@link createOciArchiveSink}. */
export interface OciArchiveSinkOptions extends Pick<WriteArchiveOptions, 'concurrency' | 'memoryBytes'> {
  /** Where content waits for the end, in a new directory; the system's directory for temporary files by default. */
  readonly spoolDirectory?: string
}

/** An oci-archive as a sink. Disposing it removes what waits, and without `finish` the archive too. */
export interface OciArchiveSink extends OciLayoutSink, AsyncDisposable {
  /**
   * Writes the archive with all that was put, and ends the sink.
   *
   * @throws ArchiveClosedError `ERR_ARCHIVE_CLOSED`
   * @throws the errors of {@link writeOciArchive}
   */
  finish(options?: AbortOptions): Promise<void>
}

/**
 * Creates an oci-archive for content that comes in any order: it waits in a layout, and the archive is written at the
 * end. Where the source is at hand, {@link writeOciArchive} needs no room for that.
 */
export async function createOciArchiveSink(
  output: ArchiveOutput,
  options: OciArchiveSinkOptions = {},
): Promise<OciArchiveSink> {
  const { spoolDirectory = tmpdir(), ...writing } = options
  const directory = await mkdtemp(join(spoolDirectory, 'oci-archive-'))
  const layout = createOciLayoutSink({ directory })
  const roots: OciArchiveRoot[] = []
  let state: 'open' | 'finished' | 'failed' | 'disposed' = 'open'
  const assertOpen = (): void => {
    if (state !== 'open') throw new ArchiveClosedError(state)
  }
  const put = async (what: Descriptor, refName?: string, putOptions?: AbortOptions): Promise<void> => {
    assertOpen()
    await layout.put(what, refName, putOptions)
    roots.push({ what, refName })
  }
  return {
    ...layout,
    put,
    async keepReferrers(subject, referrers, keepOptions) {
      assertOpen()
      await layout.keepReferrers(subject, referrers, keepOptions)
      roots.push(...referrers.map((referrer) => ({ what: referrerEntry(referrer) })))
    },
    tag: (what, name, tagOptions) =>
      put(what, name.tag ?? (name.digest === undefined ? 'latest' : undefined), tagOptions),
    async begin(key, beginOptions) {
      assertOpen()
      return layout.begin(key, beginOptions)
    },
    async finish(finishOptions = {}) {
      assertOpen()
      state = 'failed'
      await writeOciArchive(output, layout, roots, { ...writing, ...finishOptions })
      state = 'finished'
      await rm(directory, { recursive: true, force: true })
    },
    async [Symbol.asyncDispose]() {
      if (state === 'open') {
        state = 'disposed'
        await output.discard()
      }
      await rm(directory, { recursive: true, force: true })
    },
  }
}
