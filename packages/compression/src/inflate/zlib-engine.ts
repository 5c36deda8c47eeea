import { freeBuffer, type AbortOptions, type ByteStream } from '@drayage/bytes'

import { engineOutput, type EngineReadable } from './engine-output.ts'
import { CompressedDataError } from '../errors.ts'

/** A stream of `node:zlib`. */
export interface ZlibEngine extends EngineReadable {
  /** Bytes of input that were used. */
  readonly bytesWritten: number
  readonly destroyed: boolean
  /** @param onUsed called with an error when the engine was destroyed before it used the chunk */
  write(chunk: Uint8Array, onUsed: (error?: Error | null) => void): boolean
  end(): unknown
  destroy(): unknown
}

/**
 * Settings of every engine: output in blocks of 256 KiB, above which zlib spends no time between blocks, with the next
 * blocks made in zlib's thread while this one is used.
 */
export const ENGINE_OPTIONS: {
  readonly chunkSize: number
  readonly readableHighWaterMark: number
  readonly writableHighWaterMark: number
} = { chunkSize: 256 * 1024, readableHighWaterMark: 512 * 1024, writableHighWaterMark: 512 * 1024 }

/** How to run an engine. */
export interface RunEngineOptions extends AbortOptions {
  /** Whether the arrays of the source are freed when they are used up. */
  readonly ownsSource?: boolean | undefined
}

/**
 * Yields what `engine` makes of `source`, and throws unless the engine took in all of it. The source is closed and the
 * engine freed when the consumer stops, also on failure.
 *
 * @throws CompressedDataError `ERR_COMPRESSED_DATA`
 */
export async function* runEngine(
  engine: ZlibEngine,
  compression: 'gzip' | 'zstd',
  source: ByteStream,
  options: RunEngineOptions,
): ByteStream {
  const { signal, ownsSource = false } = options
  const feed = startFeed(engine, source, ownsSource)
  const onAbort = (): void => feed.fail(signal?.reason)
  signal?.addEventListener('abort', onAbort, { once: true })
  try {
    yield* engineOutput(engine)
    // An engine that ends before its input takes the rest for padding.
    if (!feed.isDone() || engine.bytesWritten < feed.fedBytes()) {
      throw new CompressedDataError(compression, 'trailing', 'more bytes follow its end')
    }
  } catch (error) {
    throw feed.failure()?.error ?? describe(compression, error)
  } finally {
    signal?.removeEventListener('abort', onAbort)
    engine.destroy()
    await feed.close()
  }
}

interface Feed {
  isDone(): boolean
  fedBytes(): number
  failure(): { readonly error: unknown } | undefined
  fail(error: unknown): void
  close(): Promise<void>
}

function startFeed(engine: ZlibEngine, source: ByteStream, ownsSource: boolean): Feed {
  const iterator = source[Symbol.asyncIterator]()
  let fedBytes = 0
  let isDone = false
  let isWaiting = false
  let failure: { readonly error: unknown } | undefined
  const fail = (error: unknown): void => {
    failure ??= { error }
    engine.destroy()
  }
  const run = async (): Promise<void> => {
    while (!engine.destroyed) {
      isWaiting = true
      const next = await iterator.next()
      isWaiting = false
      if (next.done === true) {
        isDone = true
        engine.end()
        return
      }
      if (engine.destroyed || next.value.byteLength === 0) continue
      fedBytes += next.value.byteLength
      const chunk = next.value
      const onUsed = (error?: Error | null): void => {
        if (ownsSource && !error) freeBuffer(chunk)
      }
      if (!engine.write(chunk, onUsed)) await drained(engine)
    }
  }
  const running = run().catch((error: unknown) => {
    isDone = true
    isWaiting = false
    fail(error)
  })
  return {
    isDone: () => isDone,
    fedBytes: () => fedBytes,
    failure: () => failure,
    fail,
    async close() {
      if (isDone) return
      const closing = Promise.resolve(iterator.return?.()).catch(() => {})
      // Closing a silent source could take for ever: it is started and not awaited.
      if (!isWaiting) await Promise.all([closing, running])
    },
  }
}

function drained(engine: ZlibEngine): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      engine.off('drain', done)
      engine.off('close', done)
      resolve()
    }
    engine.on('drain', done)
    engine.on('close', done)
  })
}

function describe(compression: 'gzip' | 'zstd', error: unknown): unknown {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return error
  const { code } = error
  if (!code.startsWith('Z_') && !code.startsWith('ZSTD_')) return error
  if (code === 'Z_BUF_ERROR')
    return new CompressedDataError(compression, 'truncated', 'it ends too early', { cause: error })
  // The magic of the first member is known to be right, so only a later one can lack it.
  const isTrailing = compression === 'gzip' && error.message === 'incorrect header check'
  const found = isTrailing ? 'more bytes follow its end' : `it is damaged (${error.message})`
  return new CompressedDataError(compression, isTrailing ? 'trailing' : 'corrupt', found, { cause: error })
}
