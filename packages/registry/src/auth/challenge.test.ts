import { describe, expect, it } from 'vitest'

import { tryParseChallenges } from './challenge.ts'

function read(text: string): unknown {
  const result = tryParseChallenges(text)
  return result.ok ? result.value.map(({ scheme, params }) => [scheme, Object.fromEntries(params)]) : result.error
}

describe('tryParseChallenges()', () => {
  it.each([
    [
      'Bearer realm="https://a/t",service="s",scope="repository:x:pull,push"',
      [['bearer', { realm: 'https://a/t', service: 's', scope: 'repository:x:pull,push' }]],
    ],
    ['Basic realm="a \\"b\\" c"', [['basic', { realm: 'a "b" c' }]]],
    ['BASIC realm=x', [['basic', { realm: 'x' }]]],
    ['Bearer realm="a" service="b"', [['bearer', { realm: 'a', service: 'b' }]]],
    ['Bearer realm = "a" , service= b', [['bearer', { realm: 'a', service: 'b' }]]],
    [
      'Negotiate, Basic realm="x"',
      [
        ['negotiate', {}],
        ['basic', { realm: 'x' }],
      ],
    ],
    [
      'NTLM abc+/==, Basic realm="x"',
      [
        ['ntlm', {}],
        ['basic', { realm: 'x' }],
      ],
    ],
    [
      'Bearer realm="a", Basic realm="b"',
      [
        ['bearer', { realm: 'a' }],
        ['basic', { realm: 'b' }],
      ],
    ],
    ['Bearer realm="a",realm="b"', [['bearer', { realm: 'a' }]]],
    [',,, Bearer ,realm="",,', [['bearer', { realm: '' }]]],
    ['Bearer __proto__="x"', [['bearer', JSON.parse('{"__proto__":"x"}')]]],
    ['', []],
  ])('reads %s', (text, wanted) => {
    expect(read(text)).toEqual(wanted)
  })

  it.each([
    ['Bearer realm="', 14],
    ['Bearer realm="a\\', 16],
    ['realm="a"', 0],
    ['Bearer realm="a", "', 18],
    [`${'x, '.repeat(17)}`, 48],
    ['x'.repeat(16_385), 16_384],
  ])('refuses %#', (text, offset) => {
    expect(read(text)).toMatchObject({ code: 'ERR_CHALLENGE_SYNTAX', offset })
  })

  it('stays linear for hostile headers', () => {
    for (const text of [','.repeat(100_000), `Bearer realm="${'\\"'.repeat(100_000)}`, 'a='.repeat(100_000)]) {
      expect(tryParseChallenges(text).ok).toBe(false)
      expect(typeof tryParseChallenges(text.slice(0, 16_000)).ok).toBe('boolean')
    }
  })
})
