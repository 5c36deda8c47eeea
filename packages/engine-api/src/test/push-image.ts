import type { TestImage } from '@drayage/testkit'

/** Fills a repository of a registry with an image and tags it; resolves to the image's name. */
export async function pushTestImage(host: string, repository: string, tag: string, image: TestImage): Promise<string> {
  const base = `http://${host}/v2/${repository}`
  for (const [digest, bytes] of image.blobs) {
    if (digest === image.manifest.digest) continue
    await expectCreated(fetch(`${base}/blobs/uploads/?digest=${digest}`, { method: 'POST', body: copyOf(bytes) }))
  }
  const headers = { 'content-type': image.manifest.mediaType }
  await expectCreated(fetch(`${base}/manifests/${tag}`, { method: 'PUT', headers, body: copyOf(image.manifestBytes) }))
  return `${host}/${repository}:${tag}`
}

function copyOf(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes)
}

async function expectCreated(answer: Promise<Response>): Promise<void> {
  const { status } = await answer
  if (status !== 201) throw new Error(`Cannot fill the registry: found status ${status}, expected 201`)
}
