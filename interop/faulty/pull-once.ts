import type { HttpClient } from '@drayage/content'
import { undiciClient } from '@drayage/registry/undici'
import { createRuntime, pullImage } from '@drayage/runtime'

/** How long a client waits for an answer that stalls. */
const STALL_MS = 700

/** A transport whose limits are short, since the faults of the registry stall on purpose. */
export function hurriedClient(): HttpClient & AsyncDisposable {
  return undiciClient({ headersTimeoutMs: STALL_MS, bodyTimeoutMs: STALL_MS })
}

/** Pulls into the store in `directory`, without waits between tries. Rejects as the pull does. */
export async function pullOnce(directory: string, references: readonly string[]): Promise<void> {
  await using http = hurriedClient()
  await using runtime = await createRuntime({
    env: {},
    home: directory,
    etc: directory,
    storeDirectory: directory,
    platform: { os: 'linux', architecture: 'amd64' },
    retry: { attempts: 5, stepMs: 0 },
    wrapTransport: () => http,
  })
  const outcomes = await Promise.allSettled(references.map((reference) => pullImage(runtime, reference)))
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
}

/** The codes of an error and of its causes, from the outside in. */
export function codesOf(error: unknown): string {
  const codes: string[] = []
  for (let each = error; each instanceof Error; each = each.cause) {
    codes.push('code' in each ? String(each.code) : each.name)
  }
  return codes.join(' < ')
}
