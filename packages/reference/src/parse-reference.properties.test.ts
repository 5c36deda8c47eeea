import fc from 'fast-check'
import { expect, test } from 'vitest'

import { familiarReference, formatReference, parseReference, tryParseReference } from './index.ts'

/**
 * The published grammar of references (distribution/reference, package comment) as regular expressions, for normal
 * forms with a supported digest. Written apart from the scanner; only for short texts.
 */
const LABEL = '[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?'
const DOMAIN = `(?:${LABEL}(?:\\.${LABEL})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?`
const COMPONENT = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*'
const DIGEST = '(?:sha256:[a-f0-9]{64}|sha512:[a-f0-9]{128})'
const GRAMMAR = new RegExp(
  `^(${DOMAIN}/${COMPONENT}(?:/${COMPONENT})*)(?::([a-zA-Z0-9_][a-zA-Z0-9_.-]{0,127}))?(?:@(${DIGEST}))?$`,
)

/** The rules of normalisation, on text; `undefined` for text that stands for nothing. */
function expectedNormalForm(text: string): string | undefined {
  if (/^[a-f0-9]{64}$/.test(text)) return undefined
  const [left = '', ...right] = text.split('/')
  const isDomain = right.length > 0 && (/[.:]/.test(left) || left === 'localhost' || /\p{Lu}/u.test(left))
  const domain = !isDomain || left === 'index.docker.io' ? 'docker.io' : left
  const rest = isDomain ? right.join('/') : text
  const full = `${domain}/${domain === 'docker.io' && !rest.includes('/') ? 'library/' : ''}${rest}`
  const match = GRAMMAR.exec(full)
  return match?.[1] !== undefined && match[1].length <= 255 ? full : undefined
}

const hex = (length: number): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: length, maxLength: length })
const word = fc.string({ unit: fc.constantFrom(...'ab0z9'), minLength: 1, maxLength: 4 })
const component = fc
  .tuple(word, fc.array(fc.tuple(fc.constantFrom('.', '_', '__', '-', '---'), word), { maxLength: 3 }))
  .map(([first, rest]) => first + rest.flat().join(''))
const path = fc.array(component, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'))
const label = fc.tuple(fc.constantFrom('a', 'Z', '0', 'x-y', 'a--b'), word).map((parts) => parts.join(''))
const host = fc.oneof(
  fc.array(label, { minLength: 2, maxLength: 3 }).map((labels) => labels.join('.')),
  fc.constantFrom('localhost', 'docker.io', 'index.docker.io', 'evildocker.io', 'Org', '[::1]', '[2001:DB8::7]', '[:]'),
)
const domain = fc
  .tuple(host, fc.option(fc.nat(99_999), { nil: undefined }))
  .map(([name, port]) => (port === undefined ? name : `${name}:${port}`))
const tag = fc.string({ unit: fc.constantFrom(...'aZ0_.-'), maxLength: 6 }).map((text) => `t${text}`)
const digest = fc.oneof(
  hex(64).map((text) => `sha256:${text}`),
  hex(128).map((text) => `sha512:${text}`),
)
const validText = fc
  .tuple(
    fc.option(domain, { nil: undefined }),
    path,
    fc.option(tag, { nil: undefined }),
    fc.option(digest, { nil: undefined }),
  )
  .map(
    ([d, p, t, g]) =>
      `${d === undefined ? '' : `${d}/`}${p}${t === undefined ? '' : `:${t}`}${g === undefined ? '' : `@${g}`}`,
  )
  // A bare path may begin with something in the place of a domain that is not one, such as `a_b.c/d`.
  .filter((text) => expectedNormalForm(text) !== undefined)
const nearText = fc.oneof(
  validText,
  fc.string({ maxLength: 30 }),
  fc.string({
    unit: fc.constantFrom(...'ab0AZ.:/@_-[]%#\n', 'localhost', 'docker.io/', 'sha256:', 'é', 'É'),
    maxLength: 12,
  }),
  fc
    .tuple(validText, fc.nat(200), fc.constantFrom('', '/', ':', '@', '.', '-', '_', 'A', '[', ']', '$', '\r\n'))
    .map(
      ([text, at, piece]) =>
        text.slice(0, at % (text.length + 1)) + piece + text.slice((at % (text.length + 1)) + (at % 2)),
    ),
  fc.integer({ min: 230, max: 260 }).map((length) => 'n'.repeat(length)),
  hex(64),
)

test('parseReference() gives back what formatReference() wrote', () => {
  fc.assert(
    fc.property(validText, (text) => {
      const reference = parseReference(text)
      expect(parseReference(formatReference(reference))).toEqual(reference)
    }),
    { numRuns: 1000 },
  )
})

test('normalising twice is normalising once', () => {
  fc.assert(
    fc.property(nearText, (text) => {
      const result = tryParseReference(text)
      if (!result.ok) return
      const full = formatReference(result.value)
      expect(formatReference(parseReference(full))).toBe(full)
    }),
    { numRuns: 3000 },
  )
})

test('parseReference() accepts a text exactly when its normal form matches the published grammar', () => {
  let accepted = 0
  fc.assert(
    fc.property(nearText, (text) => {
      const result = tryParseReference(text)
      if (result.ok) accepted++
      expect(result.ok ? formatReference(result.value) : undefined).toBe(expectedNormalForm(text))
    }),
    { numRuns: 10_000 },
  )
  expect(accepted).toBeGreaterThan(1000)
})

test('parseReference() gives back what familiarReference() wrote', () => {
  const hubText = fc
    .tuple(fc.constantFrom('library/', 'localhost/', 'a.b/', ''), path)
    .map((parts) => `docker.io/${parts.join('')}`)
  const hexText = hex(64).map((text) => `library/${text}`)
  fc.assert(
    fc.property(fc.oneof(validText, hubText, hexText), (text) => {
      const reference = parseReference(text)
      expect(parseReference(familiarReference(reference))).toEqual(reference)
    }),
    { numRuns: 3000 },
  )
})

test('errors point into the text', () => {
  fc.assert(
    fc.property(nearText, (text) => {
      const result = tryParseReference(text)
      if (result.ok) return
      expect(result.error.offset).toBeGreaterThanOrEqual(0)
      expect(result.error.offset).toBeLessThanOrEqual(text.length)
    }),
    { numRuns: 2000 },
  )
})
