import { randomBytes } from '@drayage/testkit'

/** Numbers that depend only on a seed. */
export class Random {
  #state: number

  constructor(...seeds: readonly number[]) {
    this.#state = seeds.reduce((state, seed) => mix(Math.imul(state ^ seed, 0x9e3779b1) + 0x7f4a7c15), 0x2545f491)
  }

  /** From 0 up to, not including, 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    return (mix(this.#state) >>> 0) / 4_294_967_296
  }

  /** From 0 up to, not including, `end`. */
  int(end: number): number {
    return Math.floor(this.next() * end)
  }

  /** From `least` to `most`. */
  between(least: number, most: number): number {
    return least + this.int(most - least + 1)
  }

  chance(probability: number): boolean {
    return this.next() < probability
  }

  pick<T>(list: readonly T[]): T {
    const [chosen] = list.slice(this.int(list.length))
    if (chosen === undefined) throw new RangeError('Cannot pick from a list: found none, expected at least one')
    return chosen
  }

  bytes(length: number): Uint8Array {
    return randomBytes(this.int(2 ** 31), length)
  }
}

function mix(value: number): number {
  let mixed = Math.imul(value ^ (value >>> 15), value | 1)
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
  return mixed ^ (mixed >>> 14)
}
