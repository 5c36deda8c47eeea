import { ContentNotFoundError, NameNotFoundError } from '@drayage/content'
import { DigestMismatchError } from '@drayage/digest'
import { expect, test } from 'vitest'

import { failure } from '../test/failure.ts'
import { atSink, atSource } from './attempt.ts'
import { judgeFailures } from './judge-failures.ts'

const failed = (facts: object): Error => Object.assign(new Error('failed'), facts)
const odd = failed({ doubtful: true })

test.each([
  ['wrong bytes', new DigestMismatchError('sha256:a', 'sha256:b')],
  ['an answer that no registry gives', odd],
  ['content that is not there although it should be', new ContentNotFoundError('sha256:a', { doubtful: true })],
])('%s is worth two more tries', (_, error) => {
  const isWorth = judgeFailures()
  expect([error, error, error].map(isWorth)).toEqual([true, true, false])
})

test('what can pass is worth any number, what is certain none', () => {
  const isWorth = judgeFailures()
  expect(Array.from({ length: 9 }, () => isWorth(failed({ retryable: true })))).not.toContain(false)
  const certain = [failed({}), new ContentNotFoundError('sha256:a'), new NameNotFoundError('a/b:1', { cause: odd })]
  expect(certain.map(isWorth)).toEqual([false, false, false])
})

test('a source is asked again, a sink is not', async () => {
  const context = { retry: { attempts: 5, stepMs: 0 }, onEvent: () => {} }
  let tries = 0
  const step = async (): Promise<never> => {
    tries++
    throw odd
  }
  await failure(atSource('fetch', 'it', step, context))
  expect(tries).toBe(3)
  await failure(atSink('store', 'it', step, context))
  expect(tries).toBe(4)
})
