import { STATUS_CODES } from 'node:http'

import { isRegistryError } from '@drayage/registry'

/** What stands for the answer of a registry that gave none. */
export const NO_WORDS = 'the registry says no more'

/** The registry's answer as Docker Engine shows it, `manifest unknown: no such manifest`; `undefined` where it gave none. */
export function registryWords(error: unknown): string | undefined {
  for (let at = error; at instanceof Error; at = at.cause) {
    if (!isRegistryError(at) || !('codes' in at)) continue
    if (at.status >= 500) return `received unexpected HTTP status: ${at.status} ${STATUS_CODES[at.status] ?? ''}`.trim()
    const words = at.codes[0]?.toLowerCase().replaceAll('_', ' ') ?? statusWords(at.status)
    const note =
      'withheld' in at && at.withheld !== undefined
        ? `; the login was withheld from token server ${at.withheld.realm} (see trusted-realms)`
        : ''
    return `${words}: ${at.said ?? words}${note}`
  }
  return undefined
}

/** Words for an answer without a code of the specification. */
function statusWords(status: number): string {
  switch (status) {
    case 401:
      return 'unauthorized'
    case 403:
      return 'denied'
    case 404:
      return 'not found'
    default:
      return `unexpected status ${status}`
  }
}
