import { atPoints } from './at-points.ts'
import { failuresOf } from './errors.ts'
import { cutPower } from './power.ts'
import type { FaultKind } from './kind.ts'

/** By the name that `--kind` takes. */
export const KINDS = {
  kill: atPoints('kill', ({ points }) => points.map((point) => ({ point, what: 'signal=KILL' }))),
  errno: atPoints('errno', failuresOf),
  power: cutPower,
} satisfies Readonly<Record<string, FaultKind>>
