import { concat, encodeText } from '@drayage/bytes'

const ES256 = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
/** Bits of a key's hash in its name. */
const KEY_ID_BITS = 240

/** The end of the document, which {@link signSchema1} puts the signatures before. */
const TAIL = '\n}'

/**
 * Signs a schema 1 manifest with a key made for this one signature: readers require a valid signature, and cannot tell whose
 * it is. The digest of the signed manifest is that of `payload`.
 *
 * @param payload as `encodeSchema1` gives it
 * @see Docker Image Manifest V 2, Schema 1, "Signed Manifests"; RFC 7515 section 7.2
 */
export async function signSchema1(payload: Uint8Array): Promise<Uint8Array> {
  const { subtle } = globalThis.crypto
  const { privateKey, publicKey } = await subtle.generateKey(ES256, true, ['sign', 'verify'])
  const length = payload.byteLength - TAIL.length
  const header = JSON.stringify({ formatLength: length, formatTail: base64Url(encodeText(TAIL)) })
  const signedHeader = base64Url(encodeText(header))
  const signed = Uint8Array.from(encodeText(`${signedHeader}.${base64Url(payload)}`))
  const signature = {
    header: { jwk: await publicJwk(publicKey), alg: 'ES256' },
    signature: base64Url(new Uint8Array(await subtle.sign(ES256, privateKey, signed))),
    protected: signedHeader,
  }
  const indented = JSON.stringify([signature], null, 3).replaceAll('\n', '\n   ')
  return concat([payload.subarray(0, length), encodeText(`,\n   "signatures": ${indented}${TAIL}`)])
}

/** A public key with the name that libtrust expects: the start of its hash, in groups of four letters. */
async function publicJwk(key: CryptoKey): Promise<Record<string, string>> {
  const { subtle } = globalThis.crypto
  const { x = '', y = '' } = await subtle.exportKey('jwk', key)
  const hash = new Uint8Array(await subtle.digest('SHA-256', await subtle.exportKey('spki', key)))
  const kid = base32(hash.subarray(0, KEY_ID_BITS / 8)).match(/.{4}/g) ?? []
  return { crv: 'P-256', kid: kid.join(':'), kty: 'EC', x, y }
}

/** Encodes bytes five bits at a time; their number of bits must be a multiple of five. */
function base32(bytes: Uint8Array): string {
  const bits = Array.from(bytes, (byte) => byte.toString(2).padStart(8, '0')).join('')
  return (bits.match(/.{5}/g) ?? []).map((five) => BASE32.charAt(Number.parseInt(five, 2))).join('')
}

function base64Url(bytes: Uint8Array): string {
  const binary = Array.from(bytes, (byte) => String.fromCharCode(byte)).join('')
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}
