import { expect, test } from 'vitest'

import { UsageError } from './errors.ts'
import { reportError } from './report-error.ts'

function linesOf(error: unknown, debug: boolean): string[] {
  const lines: string[] = []
  reportError(error, { debug }, (line) => lines.push(line))
  return lines
}

test('reportError() prints one escaped line of bounded length', () => {
  const hostile = `Cannot pull\u001B]0;title\u0007\r\nnext \u202E${'x'.repeat(1_048_576)}`
  const [line = '', ...more] = linesOf(new Error(hostile), false)
  expect(more).toEqual([])
  expect(line.startsWith(String.raw`dray: Cannot pull\u{1b}]0;title\u{7}\u{d}\u{a}next \u{202e}x`)).toBe(true)
  expect(line.length).toBeLessThan(1200)
})

test('reportError() shows every cause with its code when asked to', () => {
  const inner = Object.assign(new Error('inner'), { code: 'ERR_INNER' })
  const lines = linesOf(new Error('outer', { cause: new AggregateError([inner], 'both') }), true)
  expect(lines[0]).toBe('dray: outer')
  expect(lines).toContain('  error: Error: outer')
  expect(lines).toContain('  cause: AggregateError: both')
  expect(lines).toContain('  cause: Error [ERR_INNER]: inner')
})

test('reportError() ends when errors cause each other', () => {
  const first = new Error('first')
  first.cause = new Error('second', { cause: first })
  expect(linesOf(first, true).filter((line) => /^ {2}(error|cause):/.test(line))).toHaveLength(2)
})

test('reportError() prints the nearest hint on a line of its own', () => {
  const inner = new UsageError('inner', { hint: 'Try\u001B[2J again.' })
  expect(linesOf(new Error('outer', { cause: inner }), false)).toEqual([
    'dray: outer',
    String.raw`hint: Try\u{1b}[2J again.`,
  ])
  const outer = new UsageError('outer', { cause: inner, hint: 'Look here.' })
  expect(linesOf(outer, false)).toEqual(['dray: outer', 'hint: Look here.'])
})

test('reportError() says what the system says, in words', () => {
  const error = Object.assign(new Error('ENOENT: x, stat y'), {
    errno: -2,
    code: 'ENOENT',
    syscall: 'stat',
    path: 'a\u001Bb',
  })
  expect(linesOf(error, false)).toEqual([String.raw`dray: Cannot stat "a\u001bb": no such file or directory`])
})

test('reportError() says something about a value that is no error, and an error without words', () => {
  expect(linesOf('text', true)).toEqual(['dray: text'])
  expect(linesOf(new TypeError(''), false)).toEqual(['dray: TypeError'])
})
