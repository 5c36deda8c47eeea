import { atPoints } from './at-points.ts'
import { failuresOf } from './errors.ts'
import { crowd } from './many.ts'
import { cutPower } from './power.ts'
import { jumpClock, suspend } from './interrupt.ts'
import type { FaultKind } from './kind.ts'

/** By the name that `--kind` takes. */
export const KINDS = {
  kill: atPoints('kill', ({ points }) => points.map((point) => ({ point, what: 'signal=KILL' }))),
  errno: atPoints('errno', failuresOf),
  power: cutPower,
  clock: jumpClock,
  stop: suspend,
  many: crowd,
} satisfies Readonly<Record<string, FaultKind>>
