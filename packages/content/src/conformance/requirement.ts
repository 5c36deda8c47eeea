/** One requirement, bound to an implementer, as a case for any test runner. */
export interface ConformanceCase {
  /** Which suite it is of. */
  readonly suite: string
  readonly name: string
  /** Why it cannot be run with this implementer; `undefined` when it can. */
  readonly skipped?: string | undefined
  /** Rejects when the requirement is not met. */
  run(): Promise<void>
}

/** What a suite makes its subjects with. */
export interface Harness<Options, Subject> {
  /** Makes a fresh subject, which the case disposes of. */
  create(options: Options): Promise<Subject & AsyncDisposable>
  /** What the implementer cannot do or show by its nature, each with the reason; cases that need it are skipped. */
  readonly lacks?: Readonly<Record<string, string>>
}

/** How an implementer takes part in a suite: what makes its subjects, or why it does not take part. */
export type Participation<Options, Subject> = Harness<Options, Subject> | string

/** A requirement before it is bound to an implementer. */
export interface Requirement<Options, Subject> {
  readonly name: string
  /** What the case cannot do without, see {@link Harness.lacks}; nothing by default. */
  readonly needs?: readonly string[]
  /** What its subject is made from. */
  readonly given: Options
  check(subject: Subject): Promise<void>
}

/** The requirements of a suite as cases for one implementer. */
export function bindSuite<Options, Subject>(
  suite: string,
  requirements: readonly Requirement<Options, Subject>[],
  participation: Participation<Options, Subject>,
): ConformanceCase[] {
  return requirements.map(({ name, needs = [], given, check }) => ({
    suite,
    name,
    skipped: typeof participation === 'string' ? participation : lackOf(participation, needs),
    async run() {
      if (typeof participation === 'string') return
      await using subject = await participation.create(given)
      await check(subject)
    },
  }))
}

function lackOf({ lacks = {} }: Harness<never, unknown>, needs: readonly string[]): string | undefined {
  return needs.map((need) => lacks[need]).find((reason) => reason !== undefined)
}
