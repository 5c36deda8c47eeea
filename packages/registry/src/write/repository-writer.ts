import { collect, createLruMap, type AbortOptions } from '@drayage/bytes'
import { verifyContent, type SignedPutter, type TaggedPutter, type Tagger } from '@drayage/content'
import { parseDigest, type Digest } from '@drayage/digest'
import { DEFAULT_TAG, repositoryOf, type Reference } from '@drayage/reference'

import type { Fallback, RemoteRepository } from '../endpoints/fallback.ts'
import { referencePath } from '../endpoints/repository-path.ts'
import { HELD_MANIFEST_BYTES, MANIFEST_MAX_BYTES } from '../limits.ts'
import { fetchContent } from '../read/fetch-content.ts'
import { createUploader, type Uploader, type UploaderOptions } from '../upload/uploader.ts'
import type { PutManifestBytes } from '../upload/upload-ingest.ts'
import { putManifest } from './put-manifest.ts'
import { putTagged } from './put-tagged.ts'

/** Takes content and tags into a repository. */
export interface RepositoryWriter extends Uploader, Tagger, TaggedPutter, SignedPutter {}

/** Creates the writer of a repository at its registry. The manifests pushed last are held, to give them tags. */
export function createRepositoryWriter(
  remote: RemoteRepository,
  fallback: Fallback,
  options: UploaderOptions,
): RepositoryWriter {
  const pushed = createLruMap<Digest, Uint8Array>({
    maxWeight: HELD_MANIFEST_BYTES,
    weightOf: ({ byteLength }) => byteLength,
  })
  const putByDigest: PutManifestBytes = async (what, bytes, abort) => {
    await putManifest(remote, { path: `/manifests/${parseDigest(what.digest)}`, what, bytes }, abort)
    pushed.set(what.digest, bytes)
  }
  /** The digest of a reference is that of the manifest, and no place for it. */
  const tagOf = ({ tag = DEFAULT_TAG, ...name }: Reference): string => {
    referencePath(fallback.name, { ...repositoryOf(name), tag })
    return tag
  }

  return {
    ...createUploader(remote, putByDigest, options),
    tag: async (what, name, abort: AbortOptions = {}) => {
      const tag = tagOf(name)
      const itself = { ...fallback, find: async () => [remote] }
      const bytes =
        pushed.get(what.digest) ??
        (await collect(fetchContent(itself, what, abort), { maxBytes: MANIFEST_MAX_BYTES, signal: abort.signal }))
      await putTagged(remote, { tag, what, bytes }, abort)
    },
    putTagged: async (what, bytes, name, abort = {}) => {
      const tag = tagOf(name)
      verifyContent(bytes, what)
      await putTagged(remote, { tag, what, bytes }, abort)
      pushed.set(what.digest, bytes)
    },
    putSigned: async (what, signed, name, abort = {}) => {
      verifyContent(signed, what)
      if (name === undefined) return await putByDigest(what, signed, abort)
      await putTagged(remote, { tag: tagOf(name), what, bytes: signed }, abort)
      pushed.set(what.digest, signed)
    },
  }
}
