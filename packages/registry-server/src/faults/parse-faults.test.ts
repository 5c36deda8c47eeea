import { expect, test } from 'vitest'

import { KIND_RULES } from './fault-rules.ts'
import { FAULT_KINDS } from './kinds.ts'
import { parseFaults } from './parse-faults.ts'
import { FAULT_POINTS } from './points.ts'

test('parseFaults() gives a deep copy of data that came through JSON', () => {
  const faults = [
    { point: 'blob-get', kind: 'body-reset', afterBytes: 10, times: 3, after: 1, probability: 0.5 },
    {
      point: ['upload-patch', 'upload-put'],
      kind: 'too-large',
      bytes: 100,
      times: 'always',
      match: { method: 'PATCH' },
    },
  ]
  const parsed = parseFaults(JSON.parse(JSON.stringify(faults)))
  expect(parsed).toEqual(faults)
  expect(parseFaults(parsed)[1]?.match).not.toBe(parsed[1]?.match)
})

test('every kind has rules and a line of text, and every kind with its required parameters is accepted', () => {
  expect(Object.keys(KIND_RULES).toSorted()).toEqual(Object.keys(FAULT_KINDS).toSorted())
  const needed: Record<string, object> = {
    'too-large': { bytes: 1 },
    status: { status: 418 },
    redirect: { to: '/x' },
    'redirect-origin': { origin: 'http://127.0.0.1:1' },
    'token-life': { lifeMs: 1 },
    'reset-every': { parts: 10 },
    location: { form: 'path' },
  }
  for (const [kind, text] of Object.entries(FAULT_KINDS)) {
    expect(text).not.toBe('')
    expect(parseFaults([{ point: 'any', kind, ...needed[kind] }])).toHaveLength(1)
    if (kind in needed) expect(() => parseFaults([{ point: 'any', kind }])).toThrow(TypeError)
  }
})

test('every point is accepted', () => {
  for (const point of Object.keys(FAULT_POINTS)) expect(parseFaults([{ point, kind: 'html' }])).toHaveLength(1)
})

const wrong: readonly [unknown, typeof TypeError | typeof RangeError, string][] = [
  ['x', TypeError, 'Cannot use faults: "x" is not a list'],
  [[null], TypeError, 'Cannot use fault 0: it is null, expected an object'],
  [[{ point: 'any' }], RangeError, 'Cannot use fault 0: kind is undefined, expected one of FAULT_KINDS'],
  [[{ point: 'any', kind: 'toString' }], RangeError, 'kind is "toString"'],
  [[{ kind: 'html' }], TypeError, 'point is missing, expected a point, several of them, or any'],
  [[{ point: 'nowhere', kind: 'html' }], RangeError, 'point is "nowhere"'],
  [[{ point: [], kind: 'html' }], TypeError, 'point is []'],
  [[{ point: 'any', kind: 'html', times: 0 }], RangeError, 'times is 0, expected an integer from 1, or always'],
  [[{ point: 'any', kind: 'html', times: 'often' }], TypeError, 'times is "often"'],
  [[{ point: 'any', kind: 'html', after: -1 }], RangeError, 'after is -1, expected an integer from 0'],
  [[{ point: 'any', kind: 'html', probability: 0 }], RangeError, 'probability is 0'],
  [[{ point: 'any', kind: 'html', bytes: 1 }], TypeError, 'it has "bytes", expected only kind, match, point'],
  [[{ point: 'any', kind: 'html', match: { tag: 'x' } }], TypeError, 'match: it has "tag"'],
  [[{ point: 'any', kind: 'html', match: 3 }], TypeError, 'match is 3, expected an object'],
  [[{ point: 'any', kind: 'server-error', status: 501 }], RangeError, 'status is 501, expected one of 500, 502'],
  [[{ point: 'any', kind: 'status', status: 200, headers: { 'X-A': 'b' } }], RangeError, 'headers is {"X-A":"b"}'],
  [[{ point: 'any', kind: 'wrong-size', by: 0 }], RangeError, 'by is 0, expected an integer other than 0'],
  [[{ point: 'any', kind: 'redirect-origin', origin: 'ftp://x' }], RangeError, 'origin is "ftp://x"'],
  [[{ point: 'any', kind: 'reset-every' }], TypeError, 'it has neither parts nor bytes, expected one of them'],
  [[{ point: 'any', kind: 'reset-every', parts: 2, bytes: 2 }], TypeError, 'it has parts and bytes'],
  [[{ point: 'any', kind: 'location', form: 'foreign' }], TypeError, 'form is "foreign"'],
  [[{ point: 'ping', kind: 'tags-null' }], TypeError, 'point is "ping", expected tags-list'],
]

test.each(wrong)('parseFaults(%j) is refused', (faults, type, message) => {
  expect(() => parseFaults(faults)).toThrow(type)
  expect(() => parseFaults(faults)).toThrow(message)
})
