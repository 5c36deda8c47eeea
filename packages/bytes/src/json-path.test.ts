import { expect, test } from 'vitest'

import { showJsonPath, valueAtJsonPath } from './index.ts'

test('showJsonPath() writes names and positions, and quotes odd names', () => {
  expect(showJsonPath([])).toBe('')
  expect(showJsonPath(['layers', 0, 'os.version'])).toBe('layers[0]."os.version"')
  expect(showJsonPath([1, 'tags'], 'images')).toBe('images[1].tags')
  expect(showJsonPath(['a b', '\u202e'])).toBe('"a b"."\\u202e"')
})

test('valueAtJsonPath() finds a value, and undefined where the path leads nowhere', () => {
  const document = { layers: [{ size: 5 }], none: null }
  expect(valueAtJsonPath(document, ['layers', 0, 'size'])).toBe(5)
  expect(valueAtJsonPath(document, [])).toBe(document)
  expect(valueAtJsonPath(document, ['none', 'size'])).toBeUndefined()
  expect(valueAtJsonPath(document, ['layers', 0, 'size', 'x'])).toBeUndefined()
})
