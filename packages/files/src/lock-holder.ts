import { readFileSync, statSync } from 'node:fs'

/** The process that has a lock. */
export interface LockHolder {
  readonly pid: number
  /** Whether it is stopped, as by SIGSTOP or Ctrl-Z, so that it lets nobody in before it is continued. */
  readonly isStopped: boolean
}

/** A line of `/proc/locks` of a lock that is held: its process and its file, by device and inode. */
const HELD = /^\d+: \S+\s+\S+\s+WRITE\s+(\d+)\s+[0-9a-f]+:[0-9a-f]+:(\d+)\s/

/** Who has the lock of a file; `undefined` where that is not known, as on other systems than Linux. */
export function lockHolder(path: string): LockHolder | undefined {
  try {
    const { ino } = statSync(path, { bigint: true })
    const held = readFileSync('/proc/locks', 'utf8')
      .split('\n')
      .map((line) => HELD.exec(line))
    const pid = Number(held.find((found) => found?.[2] === `${ino}`)?.[1] ?? 0)
    if (pid === 0) return undefined
    // The state comes after the name, which may have spaces and parentheses.
    const state = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '')[0]
    return { pid, isStopped: state === 'T' || state === 't' }
  } catch {
    return undefined
  }
}

/** What there is to do about a holder. */
export function heldHint(holder: LockHolder | undefined): string {
  return holder?.isStopped === true
    ? `Continue it (kill -CONT ${holder.pid}) or end it.`
    : 'Try again once the other process has finished.'
}

/** The holder as users are told of it. */
export function holderText(holder: LockHolder | undefined): string {
  if (holder === undefined) return 'another process'
  return holder.isStopped ? `process ${holder.pid}, which is stopped,` : `process ${holder.pid}`
}
