/**
 * Creates a source of numbers from 0 up to, not including, 1 that depend only on `seed`, a 32-bit integer. It is for
 * tests that can be repeated, not for secrets.
 */
export function seededRandom(seed: number): () => number {
  // A Weyl sequence whose steps are mixed by two multiplications.
  let state = seed | 0
  return () => {
    state = (state + 0x9e3779b9) | 0
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad)
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97)
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32
  }
}
