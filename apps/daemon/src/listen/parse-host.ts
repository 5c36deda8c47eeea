import { quote } from '@drayage/bytes'

import { ConfigError } from '../errors.ts'

/** Where to listen. */
export type Host =
  | { readonly kind: 'unix'; readonly path: string }
  | { readonly kind: 'tcp'; readonly address: string; readonly port: number }
  | { readonly kind: 'systemd' }

/**
 * Reads where to listen: `unix://PATH`, `tcp://ADDRESS:PORT` or `fd://`.
 *
 * @throws ConfigError `ERR_DAEMON_CONFIG`
 */
export function parseHost(text: string): Host {
  if (text === 'fd://') return { kind: 'systemd' }
  const unix = /^unix:\/\/(\/.+)$/.exec(text)?.[1]
  if (unix !== undefined) return { kind: 'unix', path: unix }
  const tcp = /^tcp:\/\/(\[[0-9a-fA-F:.]+\]|[0-9a-zA-Z.-]+):(\d{1,5})$/.exec(text)
  const port = Number(tcp?.[2])
  if (tcp?.[1] !== undefined && port <= 65_535) {
    return { kind: 'tcp', address: tcp[1].replace(/^\[|\]$/g, ''), port }
  }
  throw new ConfigError(`Cannot listen on ${quote(text, 160)}: expected unix://PATH, tcp://ADDRESS:PORT or fd://`)
}

/** Whether only this machine can reach an address. */
export function isLoopback(address: string): boolean {
  return address === 'localhost' || address === '::1' || /^127(\.\d{1,3}){3}$/.test(address)
}
