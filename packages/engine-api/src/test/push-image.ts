import type { TestImage, TestIndex } from '@drayage/testkit'

/** Fills a repository of a registry with an image or an index and tags it; resolves to its name. */
export async function pushTestImage(
  host: string,
  repository: string,
  tag: string,
  image: TestImage | TestIndex,
): Promise<string> {
  const base = `http://${host}/v2/${repository}`
  const manifests = manifestsOf(image)
  const digests = manifests.map(({ manifest }) => manifest.digest)
  for (const [digest, bytes] of image.blobs) {
    if (digests.includes(digest)) continue
    await expectCreated(fetch(`${base}/blobs/uploads/?digest=${digest}`, { method: 'POST', body: copyOf(bytes) }))
  }
  for (const { manifest, manifestBytes } of manifests) {
    const headers = { 'content-type': manifest.mediaType }
    const name = manifest.digest === image.manifest.digest ? tag : manifest.digest
    await expectCreated(fetch(`${base}/manifests/${name}`, { method: 'PUT', headers, body: copyOf(manifestBytes) }))
  }
  return `${host}/${repository}:${tag}`
}

/** An index after what it lists. */
function manifestsOf(image: TestImage | TestIndex): readonly (TestImage | TestIndex)[] {
  return 'images' in image ? [...image.images.flatMap(manifestsOf), image] : [image]
}

function copyOf(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes)
}

async function expectCreated(answer: Promise<Response>): Promise<void> {
  const { status } = await answer
  if (status !== 201) throw new Error(`Cannot fill the registry: found status ${status}, expected 201`)
}
