/** The readable side of a stream of `node:zlib`. */
export interface EngineReadable {
  pause(): unknown
  resume(): unknown
  on(event: 'drain' | 'end' | 'close', listener: () => void): unknown
  on(event: 'error', listener: (error: Error) => void): unknown
  on(event: 'data', listener: (chunk: Uint8Array) => void): unknown
  off(event: 'drain' | 'end' | 'close', listener: () => void): unknown
}

/** Chunks that wait for the consumer before the engine pauses. */
const CHUNKS_AHEAD = 2

/**
 * Yields the chunks of `engine` as it makes them. The async iterator of a Node stream joins the chunks that wait, which
 * copies them.
 */
export async function* engineOutput(engine: EngineReadable): AsyncGenerator<Uint8Array, void, void> {
  const chunks: Uint8Array[] = []
  let outcome: { readonly error: Error | undefined } | undefined
  let wake: (() => void) | undefined
  const finish = (error: Error | undefined): void => {
    outcome ??= { error }
    wake?.()
  }
  engine.on('error', finish)
  engine.on('end', () => finish(undefined))
  engine.on('close', () => finish(new Error('Cannot read the stream: it was closed, expected its end')))
  engine.on('data', (chunk) => {
    chunks.push(chunk)
    if (chunks.length >= CHUNKS_AHEAD) engine.pause()
    wake?.()
  })
  for (;;) {
    const chunk = chunks.shift()
    if (chunk !== undefined) {
      if (chunks.length === CHUNKS_AHEAD - 1) engine.resume()
      yield chunk
    } else if (outcome === undefined) {
      await new Promise<void>((resolve) => (wake = resolve))
    } else {
      if (outcome.error !== undefined) throw outcome.error
      return
    }
  }
}
