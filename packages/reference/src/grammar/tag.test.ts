import { expect, test } from 'vitest'

import { isTag, MAX_TAG_LENGTH, parseTag } from './tag.ts'

test('isTag() and parseTag() accept a word character and up to 127 more, "." and "-"', () => {
  for (const tag of ['a', '_', '0', 'V1.0-x_', 't'.repeat(MAX_TAG_LENGTH)]) {
    expect(isTag(tag)).toBe(true)
    expect(parseTag(tag)).toBe(tag)
  }
  for (const tag of ['', '.', '-', 'a+b', 'é', 't'.repeat(MAX_TAG_LENGTH + 1), '\u017f', '\u212a']) {
    expect(isTag(tag)).toBe(false)
    expect(() => parseTag(tag)).toThrow(expect.objectContaining({ code: 'ERR_REFERENCE_SYNTAX', part: 'tag' }))
  }
})
