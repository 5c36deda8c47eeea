import type { DockerRegistry, LoggedRequest } from '@drayage/testkit'

/** The requests for blobs since `from`, which is how many requests there were before. */
export async function blobRequests(registry: DockerRegistry, from = 0): Promise<LoggedRequest[]> {
  const requests = await registry.requests()
  return requests.slice(from).filter(({ method, url }) => method === 'GET' && /\/blobs\/sha256:/.test(url))
}

/** How many requests the registry has answered. */
export async function requestCount(registry: DockerRegistry): Promise<number> {
  return (await registry.requests()).length
}
