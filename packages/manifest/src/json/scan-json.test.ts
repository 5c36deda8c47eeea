import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import { keyRules, scanJson } from './scan-json.ts'

const RULES = keyRules(['manifests', 'config'], { manifests: keyRules(['digest']), config: keyRules(['size']) })

test.each([
  ['{"a":1,"a":2}', 'duplicate'],
  ['{"a":1,"\\u0061":2}', 'duplicate'],
  ['{"\\ud800":1,"\\ufffd":2}', 'duplicate'],
  ['{"x":[{"a":1,"b":"","a":2}]}', 'duplicate'],
  ['{"":1, "" :2}', 'duplicate'],
  ['{"Manifests":[]}', 'case'],
  ['{"MANIFESTS" \n:[]}', 'case'],
  ['{"manife\\u0053ts":[]}', 'case'],
  ['{"manife\u017fts":[]}', 'case'],
  ['{"manifests":[{"digest":"x"},{"Digest":"x"}]}', 'case'],
  ['{"config":{"SIZE":1}}', 'case'],
  ['[[[[]]]]', 'nesting'],
  ['{"a":{"a":{"a":{}}}}', 'nesting'],
])('scanJson() finds the fault in %s', (text, kind) => {
  expect(scanJson(text, RULES, 3)?.kind).toBe(kind)
})

test.each([
  '{"a":{"a":1},"b":{"a":1}}',
  '{"a":"a","b":"a"}',
  '{"manifests":[{"config":1}],"config":{"Digest":1,"x":{"SIZE":1}}}',
  '{"other":{"Manifests":1}}',
  '{"a":"}\\"{\\\\","b":"["}',
  '["Manifests","Manifests"]',
])('scanJson() finds nothing in %s', (text) => {
  expect(scanJson(text, RULES, 3)).toBeUndefined()
})

test('scanJson() finds nothing in what JSON.stringify() writes, and a fault when a member is written twice', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5 }), fc.string(), fc.jsonValue({ maxDepth: 3 }), (value, key, other) => {
      expect(scanJson(JSON.stringify(value), keyRules([]), 100)).toBeUndefined()
      const member = JSON.stringify(key)
      const text = `{${member}:${JSON.stringify(value)},${member}:${JSON.stringify(other)}}`
      expect(scanJson(text, keyRules([]), 100)?.kind).toBe('duplicate')
    }),
  )
})

test('scanJson() never throws, whatever the text', () => {
  const pieces = fc.constantFrom('{', '}', '[', ']', '"', '\\', ':', ',', 'a', ' ', '\\u00', '"a":')
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 60 }), (parts) => {
      const fault = scanJson(parts.join(''), RULES, 5)
      expect(['duplicate', 'case', 'nesting', undefined]).toContain(fault?.kind)
    }),
    { numRuns: 2000 },
  )
})
