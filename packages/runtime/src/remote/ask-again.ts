import type { AbortOptions } from '@drayage/bytes'
import { DEFAULT_RETRY_POLICY, forQuestions, retrying, type OnEvent } from '@drayage/distribution'

import type { TransferSettings } from '../runtime.ts'

/** Options of every look at a registry. */
export interface AskOptions extends AbortOptions {
  /** Told of each wait before a request is made again. */
  readonly onEvent?: OnEvent | undefined
}

/**
 * Asks a registry, again after failures that can pass, as patiently as a pull before its transfers.
 *
 * @param what for messages
 */
export async function askAgain<T>(
  { retry = DEFAULT_RETRY_POLICY }: TransferSettings,
  what: string,
  request: () => Promise<T>,
  { onEvent = () => {}, signal }: AskOptions,
): Promise<T> {
  return await retrying(what, request, { retry: forQuestions(retry), onEvent, signal })
}

/**
 * The items of a list that comes in pages. After a failure that can pass, the list is read anew, and what was given before
 * is left out; tries that bring something new do not count.
 *
 * @param what for messages
 */
export async function* listAgain<T>(
  runtime: TransferSettings,
  what: string,
  list: () => AsyncIterable<T>,
  keyOf: (item: T) => string,
  options: AskOptions,
): AsyncGenerator<T, void, void> {
  const given = new Set<string>()
  let items: AsyncIterator<T> | undefined
  const next = async (): Promise<IteratorResult<T, unknown>> => {
    items ??= list()[Symbol.asyncIterator]()
    try {
      return await items.next()
    } catch (error) {
      // An iterator that failed is at its end.
      items = undefined
      throw error
    }
  }
  try {
    for (;;) {
      const item = await askAgain(runtime, what, next, options)
      if (item.done === true) return
      const key = keyOf(item.value)
      if (given.has(key)) continue
      given.add(key)
      yield item.value
    }
  } finally {
    await items?.return?.()
  }
}
