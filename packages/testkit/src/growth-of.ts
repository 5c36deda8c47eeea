import process from 'node:process'

/** Times below this are noise, in milliseconds. */
const LEAST_MS = 0.1

/** Runs of each size. */
const RUNS = 5

/**
 * How the work grows with the size of its input: the exponent of a power law fitted over four sizes, each four times the
 * one before. About 1 is linear, 2 quadratic; less than 1 means that the work is bounded. Processor time is measured, and of
 * each size the fastest of several runs counts, so that a busy machine changes little.
 *
 * @param work given a size, of which 1 is a character
 * @param least the first size; 4000 by default
 */
export function growthOf(work: (size: number) => void, least: number = 4000): number {
  const sizes = [1, 4, 16, 64].map((factor) => least * factor)
  // Interleaved, so that a moment in which the machine is busy hits all sizes alike.
  const rounds = Array.from({ length: RUNS }, () => sizes.map((size) => timeMs(() => work(size))))
  const points = sizes.map((size, index) => {
    const fastest = Math.min(...rounds.map((times) => times[index] ?? Infinity))
    return [Math.log(size), Math.log(Math.max(LEAST_MS, fastest))] as const
  })
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / points.length
  const meanY = points.reduce((sum, [, y]) => sum + y, 0) / points.length
  const slope = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0)
  return slope / points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0)
}

/** The time that the processors worked, which does not grow while others have them. */
function timeMs(work: () => void): number {
  const before = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}
