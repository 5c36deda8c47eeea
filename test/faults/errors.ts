import type { Prepared } from './prepare.ts'
import type { Injection } from './run-case.ts'
import type { Ended } from './place.ts'
import type { Point } from './points.ts'

/** What each system call can fail with, in strace's words. A write of nothing, `retval=0`, is as short as one can be. */
const FAILURES: readonly (readonly [calls: RegExp, failures: readonly string[]])[] = [
  [/^(write|pwrite64|writev|pwritev)$/, ['error=ENOSPC', 'error=EIO', 'error=EDQUOT', 'retval=0']],
  [/^(copy_file_range|sendfile|fallocate|ftruncate|truncate)$/, ['error=ENOSPC', 'error=EIO', 'error=EDQUOT']],
  [/^(fsync|fdatasync)$/, ['error=EIO', 'error=ENOSPC', 'error=EDQUOT']],
  [/^openat$/, ['error=ENOSPC', 'error=EIO', 'error=EDQUOT', 'error=EMFILE', 'error=EROFS']],
  [/^(mkdir|link|symlink)(at)?$/, ['error=ENOSPC', 'error=EIO', 'error=EDQUOT', 'error=EROFS']],
  [/^(rename)(at2?)?$/, ['error=ENOSPC', 'error=EIO', 'error=EDQUOT', 'error=EROFS']],
  [/^(unlink|unlinkat|rmdir|chmod|fchmod|utimensat)$/, ['error=EIO', 'error=EROFS']],
]

/** Each failure of each system call of a workload, once and from then on. */
export function failuresOf(prepared: Prepared): Injection[] {
  // Without a file to go by it might be a write with which Node wakes a thread, and which it does not survive.
  const points = prepared.points.filter(({ call, file }) => file !== undefined || call !== 'write')
  return points.flatMap((point) =>
    (FAILURES.find(([calls]) => calls.test(point.call))?.[1] ?? []).flatMap((what) => {
      const injection = { point, what, judge: (ended: Ended) => judge(prepared, point, ended) }
      return what.startsWith('error') ? [injection, { ...injection, isForGood: true }] : [injection]
    }),
  )
}

/** What is wrong with how a command ended whose system call failed. */
function judge({ name, directory }: Prepared, { label }: Point, { code, signal, stderr }: Ended): string[] {
  if (code === 0) return []
  // A client of `serve` is told; the server goes on.
  if (name === 'serve' && code === 1) return []
  const isOfStore = !label.includes(' output')
  const faults: string[] = []
  if (code !== 6 && (isOfStore || code !== 1))
    faults.push(`exit ${code ?? signal}, expected ${isOfStore ? 6 : '1 or 6'}`)
  const [line = ''] = /^dray: (?!warning: ).*$/m.exec(stderr) ?? []
  const isTold = line.includes('Cannot ') && line.includes(directory) && !/Unknown system error|errno/.test(line)
  if (!isTold) faults.push(`said ${stderr.trim()}, expected what could not be done with which file`)
  else if (faults.length > 0) faults.push(line)
  return faults
}
