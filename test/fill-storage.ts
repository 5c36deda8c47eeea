import { writeBlob } from '@drayage/content'
import type { Digest } from '@drayage/digest'
import type { RegistryStorage } from '@drayage/registry-server'
import type { TestImage } from '@drayage/testkit'

/** An image in a repository, as `app:1` names one. */
export interface Filled {
  readonly name: string
  readonly tags: readonly string[]
  readonly image: Pick<TestImage, 'manifest' | 'blobs'>
  /** A blob that the registry is to lack. */
  readonly without?: Digest | undefined
}

/** Puts an image into what a registry keeps. */
export async function fillStorage(storage: RegistryStorage, { name, tags, image, without }: Filled): Promise<void> {
  for (const [digest, bytes] of image.blobs) {
    if (digest === without) continue
    const what = { mediaType: 'application/octet-stream', digest, size: bytes.length }
    await writeBlob(storage.content, what, bytes)
    await storage.blobs.link(name, what)
  }
  await storage.manifests.link(name, image.manifest)
  for (const tag of tags) await storage.tags.set(name, tag, image.manifest.digest)
}
