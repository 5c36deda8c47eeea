import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'

import { digestAlgorithm, digestHex, type Digest } from '@drayage/digest'
import type { Descriptor } from '@drayage/manifest'

/** Writes an image or index as an OCI image layout, under `name` when one is given. */
export async function writeOciLayout(
  directory: string,
  image: { readonly manifest: Descriptor; readonly blobs: ReadonlyMap<Digest, Uint8Array> },
  name?: string,
): Promise<void> {
  for (const [digest, bytes] of image.blobs) {
    const blobs = path.join(directory, 'blobs', digestAlgorithm(digest))
    await mkdir(blobs, { recursive: true })
    await writeFile(path.join(blobs, digestHex(digest)), bytes)
  }
  const annotations = name === undefined ? {} : { annotations: { 'org.opencontainers.image.ref.name': name } }
  const index = { schemaVersion: 2, manifests: [{ ...image.manifest, ...annotations }] }
  await writeFile(path.join(directory, 'index.json'), JSON.stringify(index))
  await writeFile(path.join(directory, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }))
}
