import type { Random } from './random.ts'
import { hostileText } from './texts.ts'

/** Bytes with a few changes: flips, cuts, repeats, insertions, and numbers at their limits. */
export function mutateBytes(random: Random, bytes: Uint8Array): Uint8Array {
  let mutated = bytes
  for (let left = random.between(1, 4); left > 0; left--) mutated = mutateOnce(random, mutated)
  return mutated
}

function mutateOnce(random: Random, bytes: Uint8Array): Uint8Array {
  const at = random.int(bytes.byteLength + 1)
  const end = Math.min(bytes.byteLength, at + random.int(64))
  switch (random.int(6)) {
    case 0: {
      const flipped = Uint8Array.from(bytes)
      for (let index = at; index < end; index += random.between(1, 16)) flipped[index] = random.int(256)
      return flipped
    }
    case 1:
      return bytes.slice(0, at)
    case 2:
      return join(bytes.subarray(0, at), bytes.subarray(end))
    case 3:
      return join(bytes.subarray(0, end), bytes.subarray(at))
    case 4:
      return join(bytes.subarray(0, at), random.bytes(random.int(512)), bytes.subarray(at))
    default: {
      const edges = ['99999999999', '-1', '77777777777\0', '\0\0\0\0', '0', '\u00FF\u00FF\u00FF\u00FF', '1e308']
      return join(bytes.subarray(0, at), Buffer.from(random.pick(edges), 'latin1'), bytes.subarray(end))
    }
  }
}

/** One array of several. */
export function join(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts))
}

/** Stands for a value that is too deep to be written by `JSON.stringify`. */
const DEEP = '<deep>'

const ODD_VALUES: readonly unknown[] = [
  DEEP,
  ...[null, true, false, 0, -1, 1.5, 1e308, 2 ** 53, '', [], {}, [[]], [null]],
  { constructor: { prototype: { polluted: 1 } } },
  JSON.parse('{"__proto__":{"polluted":1}}'),
  'sha256:0000000000000000000000000000000000000000000000000000000000000000',
  '9999-99-99T99:99:99Z',
]

/** A JSON document with a few of its values changed, removed, repeated or renamed. */
export function mutateJson(random: Random, value: unknown): unknown {
  let mutated = value
  for (let left = random.between(1, 3); left > 0; left--) mutated = mutateValue(random, mutated, 0)
  return mutated
}

function mutateValue(random: Random, value: unknown, depth: number): unknown {
  const isContainer = typeof value === 'object' && value !== null
  if (!isContainer || random.chance(depth === 0 ? 0.03 : 0.25)) {
    return random.chance(0.5) ? random.pick(ODD_VALUES) : hostileText(random)
  }
  if (Array.isArray(value)) return mutateList(random, value, depth)
  const entries: [string, unknown][] = Object.entries(value)
  if (entries.length === 0 || random.chance(0.1)) {
    return Object.fromEntries([...entries, [hostileText(random), random.pick(ODD_VALUES)]])
  }
  const chosen = random.int(entries.length)
  return Object.fromEntries(
    entries.flatMap(([key, each], index): [string, unknown][] => {
      if (index !== chosen) return [[key, each]]
      if (random.chance(0.15)) return []
      if (random.chance(0.1)) return [[random.pick(['__proto__', 'constructor', key.toUpperCase()]), each]]
      return [[key, mutateValue(random, each, depth + 1)]]
    }),
  )
}

function mutateList(random: Random, list: readonly unknown[], depth: number): unknown[] {
  const chosen = random.int(list.length)
  const [found] = list.slice(chosen, chosen + 1)
  switch (random.int(4)) {
    case 0:
      return list.filter((_, index) => index !== chosen)
    case 1:
      return [...list, ...Array.from({ length: random.chance(0.05) ? 2000 : 2 }, () => found)]
    default:
      return list.map((each, index) => (index === chosen ? mutateValue(random, each, depth + 1) : each))
  }
}

/** The bytes of a JSON document that was changed as a value, as text, or not at all. */
export function mutatedDocument(random: Random, value: unknown): Uint8Array {
  if (random.chance(0.1)) return Buffer.from(JSON.stringify(value))
  const depth = random.pick([100, 2000, 10_000, 100_000])
  const deep = `${'{"a":['.repeat(depth)}${']}'.repeat(depth)}`
  const text = JSON.stringify(mutateJson(random, value)) ?? ''
  const mutated = Buffer.from(text.replaceAll(JSON.stringify(DEEP), () => deep))
  if (random.chance(0.03)) return Buffer.from('['.repeat(200_000))
  return random.chance(0.15) ? mutateBytes(random, mutated) : mutated
}
