import { BlockList, isIP } from 'node:net'

import { addressKind } from '../gate/address.ts'

/**
 * The proxy for each URL by the variables `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY`, or the same in lower case, as
 * programs in Go read them: no proxy to this machine itself; `NO_PROXY` lists names (with all names under them), names
 * that start with a dot or `*.` (only the names under them), addresses, networks such as `10.0.0.0/8`, each but the
 * networks with an optional port, or `*`. A value without a scheme is taken as http. `HTTP_PROXY` in upper case is ignored
 * in a CGI program (`REQUEST_METHOD` is set), where a client could set it.
 */
export function proxyFromEnvironment(
  env: Readonly<Record<string, string | undefined>>,
): (url: string) => string | undefined {
  const isCgi = (env['REQUEST_METHOD'] ?? '') !== ''
  const http = proxyUrl((isCgi ? undefined : env['HTTP_PROXY']) || env['http_proxy'])
  const https = proxyUrl(env['HTTPS_PROXY'] || env['https_proxy'])
  const exceptions = (env['NO_PROXY'] || env['no_proxy'] || '')
    .split(',')
    .map((entry) => entry.trim().toLowerCase())
    .filter((entry) => entry !== '')
  return (text) => {
    const url = new URL(text)
    const proxy = url.protocol === 'https:' ? https : http
    if (proxy === undefined || addressKind(url.hostname) === 'loopback') return undefined
    return exceptions.some((entry) => isExcepted(url, entry)) ? undefined : proxy
  }
}

/** @throws TypeError when the value is not the URL of a proxy */
function proxyUrl(value: string | undefined): string | undefined {
  if (value === undefined || value === '') return undefined
  const url = URL.parse(value.includes('://') ? value : `http://${value}`)
  // The value may hold a password and is not shown.
  if (url === null || url.hostname === '')
    throw new TypeError('Cannot read a proxy from the environment: it is not a URL')
  return url.href
}

function isExcepted(url: URL, entry: string): boolean {
  if (entry === '*') return true
  const host = url.hostname.replace(/\.$/, '')
  if (entry.includes('/')) return isInNetwork(host, entry)
  const { name, port } = splitPort(entry)
  if (port !== '' && port !== (url.port || (url.protocol === 'https:' ? '443' : '80'))) return false
  if (name.startsWith('.') || name.startsWith('*.')) return host.endsWith(name.replace(/^\*/, ''))
  return host === name || host === `[${name}]` || (!isAddress(name) && host.endsWith(`.${name}`))
}

function splitPort(entry: string): { readonly name: string; readonly port: string } {
  const match = /^(\[[^\]]*\]|[^:]*):(\d{1,5})$/.exec(entry)
  return match === null ? { name: entry, port: '' } : { name: match[1] ?? '', port: match[2] ?? '' }
}

/** Whether a name looks like an address, which has no names under it. */
function isAddress(name: string): boolean {
  return /^[\d.]+$/.test(name) || name.includes(':')
}

function isInNetwork(host: string, network: string): boolean {
  const [base = '', bits = ''] = network.split('/', 2)
  const address = host.replace(/^\[|\]$/g, '')
  const [family, other] = [isIP(address), isIP(base)]
  const length = Number(bits)
  if (family === 0 || family !== other || !/^\d{1,3}$/.test(bits) || length > (family === 4 ? 32 : 128)) return false
  const list = new BlockList()
  list.addSubnet(base, length, family === 4 ? 'ipv4' : 'ipv6')
  return list.check(address, family === 4 ? 'ipv4' : 'ipv6')
}
