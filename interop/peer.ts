import process from 'node:process'

import { findPeer, type PeerName } from '@drayage/testkit'

/** Whether the tests of a file can run: their peers are installed. In CI a missing peer is a failure, not a skip. */
export function havePeers(...names: readonly PeerName[]): boolean {
  const missing = names.filter((name) => findPeer(name) === undefined)
  if (missing.length === 0) return true
  const reason = `missing on PATH: ${missing.join(', ')}`
  if (process.env['CI'] === 'true') throw new Error(`Cannot run the interop tests: ${reason}`)
  process.stderr.write(`skipped: ${reason}\n`)
  return false
}
