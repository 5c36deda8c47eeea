import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import {
  DIGEST_HEX_LENGTHS,
  digestAlgorithm,
  digestHex,
  isDigest,
  parseChainId,
  parseDiffId,
  parseDigest,
  parseImageId,
  shortHex,
  tryParseDigest,
} from './digest.ts'
import { DigestSyntaxError } from './errors.ts'

const hex = '0123456789abcdef'.repeat(4)
const sha256 = `sha256:${hex}`
const sha512 = `sha512:${hex}${hex}`

const refused: readonly [what: string, text: string][] = [
  ['a path', 'sha256:../../../../etc/cron.d/x'],
  ['a path of the right length', `sha256:${'../'.repeat(21)}x`],
  ['one digit too few', sha256.slice(0, -1)],
  ['one digit too many', `${sha256}0`],
  ['upper-case digits', sha256.toUpperCase().replace('SHA256', 'sha256')],
  ['an upper-case algorithm', `SHA256:${hex}`],
  ['three digits', 'sha256:abc'],
  ['another encoding', `sha256+b64:${hex}`],
  ['an unsupported algorithm', 'md5:d41d8cd98f00b204e9800998ecf8427e'],
  ['the length of the other algorithm', `sha512:${hex}`],
  ['nothing', ''],
  ['no colon', hex],
  ['no algorithm', `:${hex}`],
  ['10 kB', `sha256:${'a'.repeat(10_000)}`],
  ['an escaped path', `sha256:${'%2e%2e%2f'.repeat(7)}a`],
  ['a NUL', `sha256:${hex.slice(0, -1)}\0`],
  ['a line end', `sha256:${hex.slice(0, -1)}\n`],
  ['blanks around it', ` ${sha256}`],
  ['digits of another script', `sha256:${hex.slice(0, -1)}\u{0663}`],
]

describe('a digest is never a path or another URL', () => {
  test.each(refused)('parseDigest() rejects %s', (_what, text) => {
    expect(() => parseDigest(text)).toThrow(DigestSyntaxError)
    expect(isDigest(text)).toBe(false)
    const result = tryParseDigest(text)
    expect(result.ok).toBe(false)
  })

  test.each([
    `\u{1b}[31m${'a'.repeat(10_000)}`,
    `\u{1b}[31m${'a'.repeat(10_000)}:`,
    `sha256:${hex.slice(0, -1)}\u{1b}`,
  ])('the error shows at most 256 characters of the text, escaped', (text) => {
    const result = tryParseDigest(text)
    expect(result).toMatchObject({ ok: false, error: { code: 'ERR_DIGEST_SYNTAX' } })
    if (result.ok) return
    expect(result.error.message.length).toBeLessThan(600)
    expect(result.error.message).not.toContain('\u{1b}')
  })
})

test('parseDigest() accepts sha256 and sha512 in lower case', () => {
  expect(parseDigest(sha256)).toBe(sha256)
  expect(parseDigest(sha512)).toBe(sha512)
})

test('tryParseDigest() says where the text stops being a digest', () => {
  const offsets = ['md5:00', 'sha256', 'sha256:00', `sha256:${'0'.repeat(10)}g${'0'.repeat(53)}`].map((text) => {
    const result = tryParseDigest(text)
    return result.ok ? undefined : result.error.offset
  })
  expect(offsets).toEqual([0, 6, 7, 17])
})

test.each([
  ['parseDiffId', parseDiffId],
  ['parseChainId', parseChainId],
  ['parseImageId', parseImageId],
])('%s() accepts what parseDigest() accepts', (_name, parse) => {
  expect(parse(sha256)).toBe(sha256)
  expect(() => parse('sha256:abc')).toThrow(DigestSyntaxError)
})

test('digestAlgorithm(), digestHex() and shortHex() give the parts of any digest', () => {
  const digits = fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: 128, maxLength: 128 })
  fc.assert(
    fc.property(fc.constantFrom('sha256' as const, 'sha512' as const), digits, (algorithm, text) => {
      const part = text.slice(0, DIGEST_HEX_LENGTHS[algorithm])
      const digest = parseDigest(`${algorithm}:${part}`)
      expect([digestAlgorithm(digest), digestHex(digest), shortHex(digest)]).toEqual([
        algorithm,
        part,
        part.slice(0, 12),
      ])
    }),
  )
})

test.each([undefined, null, 7, {}, [sha256]])('isDigest() rejects %j', (value) => {
  expect(isDigest(value)).toBe(false)
})
