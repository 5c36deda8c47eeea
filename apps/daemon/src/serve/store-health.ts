import { jsonResponse, type HttpResponse } from '@drayage/content'
import { checkStore, type Runtime, type StoreFinding } from '@drayage/runtime'

/** How long what a check has found is told again, in milliseconds: probes come often, and a check looks at every file. */
const FRESH_MS = 60_000

/** The most faults that are told one by one. */
const MOST_TOLD = 100

/**
 * Answers probes of a store: 200 when nothing is wrong, 503 with the faults, as `dray fsck` finds them without reading all.
 * A check runs at most once a minute.
 */
export function createStoreHealth(runtime: Runtime): () => Promise<HttpResponse> {
  let last: { readonly atMs: number; readonly faults: Promise<readonly StoreFinding[]> } | undefined
  return async () => {
    if (last === undefined || performance.now() - last.atMs > FRESH_MS) {
      last = { atMs: performance.now(), faults: faultsOf(runtime) }
    }
    try {
      const faults = await last.faults
      if (faults.length === 0) return jsonResponse(200, { status: 'ok' })
      return jsonResponse(503, { status: 'damaged', count: faults.length, faults: faults.slice(0, MOST_TOLD) })
    } catch (error) {
      last = undefined
      return jsonResponse(503, {
        status: 'unreadable',
        message: error instanceof Error ? error.message : String(error),
      })
    }
  }
}

async function faultsOf(runtime: Runtime): Promise<readonly StoreFinding[]> {
  const faults: StoreFinding[] = []
  for await (const finding of checkStore(runtime)) if (finding.state === 'fault') faults.push(finding)
  return faults
}
