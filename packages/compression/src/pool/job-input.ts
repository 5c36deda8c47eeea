/** The bytes given to a job: blocks as they come, then the end or a failure. Single-use. */
export class JobInput implements AsyncIterableIterator<Uint8Array, undefined> {
  readonly #onTaken: () => void
  #blocks: Uint8Array[] = []
  #ended = false
  #failure: { readonly error: unknown } | undefined
  #wake: (() => void) | undefined

  /** @param onTaken called each time that the job takes a block */
  constructor(onTaken: () => void) {
    this.#onTaken = onTaken
  }

  push(block: Uint8Array): void {
    if (!this.#ended) this.#blocks.push(block)
    this.#wake?.()
  }

  end(): void {
    this.#ended = true
    this.#wake?.()
  }

  /** Makes the next read throw; blocks that were not taken are dropped. */
  fail(error: unknown): void {
    this.#failure = { error }
    this.drop()
  }

  /** Ends the input and forgets its blocks. */
  drop(): void {
    this.#blocks = []
    this.end()
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure.error
      const block = this.#blocks.shift()
      if (block !== undefined) {
        this.#onTaken()
        return { done: false, value: block }
      }
      if (this.#ended) return { done: true, value: undefined }
      await new Promise<void>((resolve) => (this.#wake = resolve))
    }
  }

  async return(): Promise<IteratorResult<Uint8Array, undefined>> {
    this.drop()
    return { done: true, value: undefined }
  }

  [Symbol.asyncIterator](): this {
    return this
  }
}
