import type { PullOutcome, PullWay } from './pull-soak.ts'

/** What a run came to, line by line. */
export function summarise(outcomes: readonly PullOutcome[]): readonly string[] {
  const answers = total(outcomes, ({ answers: count }) => count)
  const faults = outcomes.flatMap((each) => each.faults)
  const failed = outcomes.filter(({ failures }) => failures.length > 0)
  const lost = outcomes.filter(({ isLost }) => isLost).length
  const wrong = outcomes.filter((each) => each.wrong.length > 0).length
  const ways = [...new Set(outcomes.map(({ way }) => way))]
  const excessOf = (way: PullWay): string => percent(medianExcess(outcomes.filter((each) => each.way === way)))
  return [
    `${outcomes.length} pulls, ${answers} answers, ${faults.length} faults (${percent(faults.length / answers)})`,
    `${lost} lost, ${wrong} wrong, ${failed.length} that failed and were repeated`,
    `bytes fetched twice, median: ${percent(medianExcess(outcomes))}`,
    ...ways.map((way) => `  ${way}: ${outcomes.filter((each) => each.way === way).length} pulls, ${excessOf(way)}`),
    ...counted(faults.map((fault) => fault.split(' ', 1)[0] ?? '')),
    ...counted(failed.flatMap(({ failures }) => failures.map((each) => each.split(': ', 1)[0] ?? ''))),
  ]
}

/** The median over pulls of the bytes that were sent beyond the sizes of the blobs, as a share of those. */
export function medianExcess(outcomes: readonly PullOutcome[]): number {
  const sorted = outcomes.map(({ excess }) => excess).toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? 0
}

function total(outcomes: readonly PullOutcome[], of: (outcome: PullOutcome) => number): number {
  return outcomes.reduce((sum, each) => sum + of(each), 0)
}

function counted(words: readonly string[]): readonly string[] {
  const counts = new Map<string, number>()
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1)
  return [...counts].toSorted(([, a], [, b]) => b - a).map(([word, count]) => `  ${count} ${word}`)
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`
}
