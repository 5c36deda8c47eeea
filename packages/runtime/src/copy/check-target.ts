import type { Stats } from 'node:fs'
import { stat } from 'node:fs/promises'
import path from 'node:path'

import { ArchiveExistsError, createOciLayoutSink } from '@drayage/archive'
import type { AbortOptions } from '@drayage/bytes'
import type { Checker } from '@drayage/content'

import type { TargetPlace } from './copy-target.ts'
import type { Runtime } from '../create-runtime.ts'
import { openRemote } from '../remote/remote.ts'

/**
 * Tells what a place has that images are copied to, without writing there. A store and a layout that are not there yet
 * are not made.
 *
 * @throws ArchiveExistsError `ERR_ARCHIVE_EXISTS` for an archive that is there
 */
export async function checkTarget(runtime: Runtime, to: TargetPlace, { signal }: AbortOptions): Promise<Checker> {
  signal?.throwIfAborted()
  switch (to.kind) {
    case 'registry':
      return openRemote(runtime, to.reference)
    case 'oci':
      return createOciLayoutSink({ directory: to.directory })
    case 'store':
      return (await find(path.join(runtime.storeDirectory, 'version'))) !== undefined
        ? (await runtime.openStore()).content
        : NOTHING
    case 'oci-archive':
    case 'docker-archive': {
      const found = await find(to.file)
      // As a copy does: an empty file is filled, and a pipe or a device written to.
      if (found?.isFile() === true && found.size > 0) throw new ArchiveExistsError(to.file)
      return NOTHING
    }
    default:
      return NOTHING
  }
}

const NOTHING: Checker = { has: async () => false }

async function find(file: string): Promise<Stats | undefined> {
  try {
    return await stat(file)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}
