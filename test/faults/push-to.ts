import type { Digest } from '@drayage/digest'
import type { Descriptor } from '@drayage/manifest'
import type { TestImage, TestIndex } from '@drayage/testkit'

/** Pushes an image or an index with all it has; resolves to whether everything was acknowledged. */
export async function pushTo(
  host: string,
  repository: string,
  tag: string,
  image: TestImage | TestIndex,
): Promise<boolean> {
  const images = 'images' in image ? image.images.filter((each): each is TestImage => 'platform' in each) : [image]
  const manifests = new Set<Digest>([image.manifest.digest, ...images.map(({ manifest }) => manifest.digest)])
  const base = `http://${host}/v2/${repository}`
  try {
    for (const [digest, bytes] of image.blobs) {
      if (manifests.has(digest)) continue
      if ((await fetch(`${base}/blobs/${digest}`, { method: 'HEAD' })).status === 200) continue
      const begun = await fetch(`${base}/blobs/uploads/`, { method: 'POST' })
      const location = new URL(begun.headers.get('location') ?? '', `http://${host}`)
      location.searchParams.set('digest', digest)
      if (!(await isCreated(location, bytes, 'application/octet-stream'))) return false
    }
    const put = ({ digest, mediaType }: Descriptor, bytes: Uint8Array, as: string = digest): Promise<boolean> =>
      isCreated(new URL(`${base}/manifests/${as}`), bytes, mediaType)
    for (const { manifest, manifestBytes } of images) if (!(await put(manifest, manifestBytes))) return false
    return await put(image.manifest, image.manifestBytes, tag)
  } catch {
    // The server died.
    return false
  }
}

async function isCreated(url: URL, bytes: Uint8Array, type: string): Promise<boolean> {
  const body = new Uint8Array(bytes)
  const response = await fetch(url, { method: 'PUT', body, headers: { 'content-type': type } })
  await response.arrayBuffer()
  return response.status === 201
}
