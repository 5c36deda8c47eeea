import { generateKeyPairSync, randomBytes, sign } from 'node:crypto'

/** What a certificate for a test says. */
export interface CertificateOptions {
  readonly dnsName?: string
  readonly ipAddress?: string
  readonly notAfter?: Date
}

/** A self-signed certificate and its key, in PEM. */
export interface Certificate {
  readonly cert: string
  readonly key: string
}

const SEQUENCE = 0x30
const OID_COMMON_NAME = '550403'
const OID_ECDSA_SHA256 = '2a8648ce3d040302'
const OID_ALT_NAMES = '551d11'
const OID_BASIC_CONSTRAINTS = '551d13'

/** Makes a self-signed certificate, so that no key lies in the repository. @see RFC 5280, section 4.1 */
export function createCertificate(options: CertificateOptions = {}): Certificate {
  const { dnsName = 'localhost', ipAddress, notAfter = new Date(Date.now() + 86_400_000) } = options
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const algorithm = der(SEQUENCE, oid(OID_ECDSA_SHA256))
  const name = der(SEQUENCE, der(0x31, der(SEQUENCE, oid(OID_COMMON_NAME), der(0x0c, Buffer.from(dnsName)))))
  const altNames = [der(0x82, Buffer.from(dnsName))]
  if (ipAddress !== undefined) altNames.push(der(0x87, Buffer.from(ipAddress.split('.').map(Number))))
  const extensions = der(
    SEQUENCE,
    der(SEQUENCE, oid(OID_ALT_NAMES), der(0x04, der(SEQUENCE, ...altNames))),
    der(SEQUENCE, oid(OID_BASIC_CONSTRAINTS), der(0x04, der(SEQUENCE, der(0x01, Buffer.from([0xff]))))),
  )
  const body = der(
    SEQUENCE,
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    algorithm,
    name,
    der(SEQUENCE, time(new Date(Date.UTC(2020, 0, 1))), time(notAfter)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, extensions),
  )
  const signature = der(0x03, Buffer.from([0]), sign('sha256', body, privateKey))
  const text = der(SEQUENCE, body, algorithm, signature).toString('base64')
  const cert = `-----BEGIN CERTIFICATE-----\n${text.match(/.{1,64}/g)?.join('\n') ?? ''}\n-----END CERTIFICATE-----\n`
  return { cert, key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() }
}

function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts)
  const { length } = content
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255]
  return Buffer.concat([Buffer.from([tag, ...size]), content])
}

function oid(hex: string): Buffer {
  return der(0x06, Buffer.from(hex, 'hex'))
}

function time(date: Date): Buffer {
  return der(0x18, Buffer.from(date.toISOString().replaceAll(/[-:T]|\.\d+/g, '')))
}
