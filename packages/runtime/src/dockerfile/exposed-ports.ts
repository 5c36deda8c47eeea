import { isIP } from 'node:net'

import { ImageChangeError } from '../errors.ts'

/**
 * The ports that a word of `EXPOSE` names, such as `80`, `53/udp` or `8000-8010/tcp`; a port of the host and its address,
 * as `docker run` takes them, are checked and left out.
 *
 * @throws ImageChangeError `ERR_IMAGE_CHANGE`
 */
export function exposedPorts(word: string): string[] {
  const parts = word.split(':')
  const { port, protocol } = splitProtocol(parts.at(-1) ?? '')
  const hostPort = parts.length > 1 ? (parts.at(-2) ?? '') : ''
  checkAddress(parts.slice(0, -2).join(':'))
  if (port === '') throw new ImageChangeError(`No port specified: ${word}<empty>`)
  const [start, end] = portRange(port) ?? fail(`Invalid containerPort: ${port}`)
  const [hostStart, hostEnd] =
    hostPort === '' ? [start, end] : (portRange(hostPort) ?? fail(`Invalid hostPort: ${hostPort}`))
  if (end - start !== hostEnd - hostStart && end !== start) {
    throw new ImageChangeError(`Invalid ranges specified for container and host Ports: ${port} and ${hostPort}`)
  }
  const name = protocol.toLowerCase()
  if (!['tcp', 'udp', 'sctp'].includes(name)) throw new ImageChangeError(`Invalid proto: ${protocol}`)
  return Array.from({ length: end - start + 1 }, (_, at) => `${start + at}/${name}`)
}

function splitProtocol(text: string): { readonly port: string; readonly protocol: string } {
  const [port = '', protocol = ''] = text.split('/')
  if (port === '') return { port, protocol: '' }
  return { port, protocol: protocol === '' ? 'tcp' : protocol }
}

function checkAddress(text: string): void {
  const address = text.replace(/^\[([^\]]*)\]$/, '$1')
  if (address === '' || isIP(address) !== 0) return
  throw new ImageChangeError(`Invalid ip address: ${address}`)
}

const MAX_PORT = 65_535

function portRange(text: string): readonly [number, number] | undefined {
  const [start = '', end = start, ...more] = text.split('-')
  if (more.length > 0 || !/^\d+$/.test(start) || !/^\d+$/.test(end)) return undefined
  const range = [Number(start), Number(end)] as const
  return range[0] <= range[1] && range[1] <= MAX_PORT ? range : undefined
}

function fail(reason: string): never {
  throw new ImageChangeError(reason)
}
