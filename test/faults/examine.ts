import type { PlaceState } from './state.ts'

/** What a place was before a workload, and is after it. */
export interface Expected {
  readonly before: PlaceState
  readonly after: PlaceState
  /** Whether the effect may be there in parts. */
  readonly isPartial: boolean
}

/** What is wrong with a place after a fault in a workload that was acknowledged or not. */
export function examine(found: PlaceState, { before, after, isPartial }: Expected, isAcknowledged: boolean): string[] {
  const faults = [...found.faults]
  const compare = (what: 'names' | 'images'): void => {
    const [is, was, will] = [found[what], before[what], after[what]].map(linesOf)
    if (is === undefined || was === undefined || will === undefined) return
    if (isSame(is, will) || (!isAcknowledged && isSame(is, was))) return
    const isBetween = is.every((line) => was.includes(line) || will.includes(line))
    const hasKept = was.filter((line) => will.includes(line)).every((line) => is.includes(line))
    if (!isAcknowledged && isPartial && isBetween && hasKept) return
    faults.push(`${what} are ${told(is)}, expected ${told(will)}${isAcknowledged ? '' : ` or ${told(was)}`}`)
  }
  compare('names')
  compare('images')
  if (isSame(linesOf(found.names), linesOf(before.names)) !== isSame(linesOf(found.images), linesOf(before.images))) {
    const isOnlyNames = isSame(linesOf(before.images), linesOf(after.images))
    const isOnlyImages = isSame(linesOf(before.names), linesOf(after.names))
    if (!isOnlyNames && !isOnlyImages && !isPartial) faults.push('an image and its names did not come or go together')
  }
  for (const [file, hash] of after.files) {
    if (!file.startsWith('output')) continue
    const other = found.files.get(file)
    if (other === undefined ? isAcknowledged : other !== hash) faults.push(`${file} is ${other ?? 'missing'}`)
  }
  return faults
}

/** The files of one place that another lacks, and the other way round. */
export function compareFiles(found: PlaceState, expected: PlaceState): { leftOver: string[]; missing: string[] } {
  const lackedBy = (one: PlaceState, other: PlaceState): string[] =>
    [...one.files.keys()].filter((file) => !other.files.has(file))
  return { leftOver: lackedBy(found, expected), missing: lackedBy(expected, found) }
}

function linesOf(map: ReadonlyMap<string, string>): string[] {
  return [...map].map(([key, value]) => `${key} ${value}`).toSorted()
}

function isSame(one: readonly string[], other: readonly string[]): boolean {
  return one.join('\n') === other.join('\n')
}

function told(lines: readonly string[]): string {
  return `[${lines.map((line) => line.replaceAll(/sha256:([0-9a-f]{8})[0-9a-f]*/g, '$1')).join('; ')}]`
}
