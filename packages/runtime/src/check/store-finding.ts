/** What a check of a store finds. */
export interface StoreFinding {
  /**
   * `fault`: something is not as it should be; `repaired`: it was, and is again; `notice`: nothing is wrong, and a prune would
   * remove it.
   */
  readonly state: 'fault' | 'repaired' | 'notice'
  /** What it is about, such as `config`, `manifest`, `layer`, `layer index`, `database`, `permissions` or `unfinished download`. */
  readonly kind: string
  /** Which one: a digest, or a path within the store. */
  readonly what: string
  /** What was found, such as `missing`. */
  readonly problem: string
  /** The names and, of what has none, the digests that need it. */
  readonly neededBy: readonly string[]
  /** What was done about it, or what there is to do. */
  readonly note?: string | undefined
}

/** A finding as one line for people, such as `fault layer sha256:...: missing; needed by app:1`; it may hold foreign text. */
export function findingText({ state, kind, what, problem, neededBy, note }: StoreFinding): string {
  const needed = neededBy.length === 0 ? [] : [`needed by ${neededBy.join(', ')}`]
  return `${state} ${kind} ${what}: ${[problem, ...(note === undefined ? [] : [note]), ...needed].join('; ')}`
}
