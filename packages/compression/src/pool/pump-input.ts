import type { ByteStream } from '@drayage/bytes'

import { INPUT_BLOCK_BYTES, INPUT_BLOCKS_IN_FLIGHT } from './worker-protocol.ts'

/** Where {@link InputPump} sends blocks. */
export interface BlockSink {
  /** Whether the chunks of the source may be sent as they are. */
  readonly ownsChunks: boolean
  /** Takes a block; its buffer belongs to the sink. */
  send(block: Uint8Array<ArrayBuffer>): void
  /** All bytes were sent. */
  end(): void
  /** The source failed; nothing more comes. */
  fail(error: unknown): void
}

/**
 * Copies a source into blocks, unless its chunks may be sent as they are, and sends them while the receiver has room, at most
 * a fixed number in flight. Blocks are full while the receiver is busy; a receiver that waits gets at once what has come, so
 * that a slow source delays nothing.
 */
export class InputPump {
  readonly #sink: BlockSink
  readonly #iterator: AsyncIterator<Uint8Array>
  #block: Uint8Array<ArrayBuffer> | undefined
  #used = 0
  #inFlight = 0
  #isReading = false
  #stopped = false
  #wake: (() => void) | undefined

  constructor(source: ByteStream, sink: BlockSink) {
    this.#sink = sink
    this.#iterator = source[Symbol.asyncIterator]()
  }

  /** Reads the source to its end, or until {@link InputPump.stop}. Never rejects. */
  async run(): Promise<void> {
    try {
      while (!this.#stopped) {
        this.#isReading = true
        const next = await this.#iterator.next()
        this.#isReading = false
        if (this.#stopped) return
        if (next.done === true) {
          await this.#flush()
          if (!this.#stopped) this.#sink.end()
          this.#stopped = true
          return
        }
        await this.#add(next.value)
      }
    } catch (error) {
      this.#isReading = false
      this.#stopped = true
      this.#sink.fail(error)
    }
  }

  /** The receiver has taken a block. */
  taken(): void {
    this.#inFlight -= 1
    this.#wake?.()
    if (this.#inFlight === 0) this.#send()
  }

  /** Sends nothing more and closes the source, without waiting for a source that is silent. */
  async stop(): Promise<void> {
    if (this.#stopped) return
    this.#stopped = true
    this.#wake?.()
    const isSilent = this.#isReading
    const closing = Promise.resolve(this.#iterator.return?.()).catch(() => {})
    if (!isSilent) await closing
  }

  async #add(chunk: Uint8Array): Promise<void> {
    if (this.#sink.ownsChunks && this.#used === 0 && isWhole(chunk)) {
      this.#block = chunk
      this.#used = chunk.byteLength
      await this.#flush()
      return
    }
    let offset = 0
    while (offset < chunk.byteLength && !this.#stopped) {
      this.#block ??= new Uint8Array(Buffer.allocUnsafeSlow(INPUT_BLOCK_BYTES).buffer)
      const part = chunk.subarray(offset, offset + INPUT_BLOCK_BYTES - this.#used)
      this.#block.set(part, this.#used)
      this.#used += part.byteLength
      offset += part.byteLength
      if (this.#used === INPUT_BLOCK_BYTES) await this.#flush()
    }
    if (this.#inFlight === 0) this.#send()
  }

  async #flush(): Promise<void> {
    while (!this.#stopped && this.#used > 0 && this.#inFlight >= INPUT_BLOCKS_IN_FLIGHT) {
      await new Promise<void>((resolve) => (this.#wake = resolve))
    }
    this.#send()
  }

  #send(): void {
    const block = this.#block
    if (block === undefined || this.#used === 0 || this.#stopped) return
    const length = this.#used
    this.#block = undefined
    this.#used = 0
    this.#inFlight += 1
    this.#sink.send(block.subarray(0, length))
  }
}

/** Whether an array is all of its buffer, and large enough to be a block of its own. */
function isWhole(chunk: Uint8Array): chunk is Uint8Array<ArrayBuffer> {
  const { buffer } = chunk
  return (
    buffer instanceof ArrayBuffer && chunk.byteLength === buffer.byteLength && chunk.byteLength === INPUT_BLOCK_BYTES
  )
}
