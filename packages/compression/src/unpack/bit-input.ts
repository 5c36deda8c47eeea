/** Bits of bytes that come in pieces, the highest first. Reading past what is there gives zeros and counts them. */
export class BitInput {
  #bytes: Uint8Array = new Uint8Array(0)
  #position = 0
  /** Bits that were taken from the bytes, in the lowest `#count` places. */
  #hold = 0
  #count = 0
  #missing = 0

  /** How many whole bytes are left. */
  get left(): number {
    return this.#bytes.byteLength - this.#position + (this.#count >> 3)
  }

  /** Whether more was read than there is. */
  get isOverrun(): boolean {
    return this.#missing > this.#count >> 3
  }

  /** Adds bytes behind those that are left. */
  push(chunk: Uint8Array): void {
    const rest = this.#bytes.byteLength - this.#position
    const joined = new Uint8Array(rest + chunk.byteLength)
    joined.set(this.#bytes.subarray(this.#position))
    joined.set(chunk, rest)
    this.#bytes = joined
    this.#position = 0
  }

  /** The next `count` bits, at most 24, which stay. */
  peek(count: number): number {
    while (this.#count < count) {
      const byte = this.#bytes[this.#position]
      if (byte === undefined) this.#missing += 1
      else this.#position += 1
      // More than 24 bits are never wanted, so that older ones may fall out at the top.
      this.#hold = ((this.#hold << 8) | (byte ?? 0)) & 0x7fffffff
      this.#count += 8
    }
    return (this.#hold >>> (this.#count - count)) & ((1 << count) - 1)
  }

  skip(count: number): void {
    this.#count -= count
  }

  /** The next `count` bits, at most 24. */
  read(count: number): number {
    const value = this.peek(count)
    this.#count -= count
    return value
  }

  /** The next 32 bits, as an unsigned number. */
  readWord(): number {
    return this.read(16) * 65_536 + this.read(16)
  }

  /** Drops the bits up to the next whole byte. */
  align(): void {
    this.#count -= this.#count & 7
  }
}
