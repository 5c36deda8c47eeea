import { readFileSync } from 'node:fs'

/** What is taken where the system does not tell. */
const USUAL = 1024

/**
 * How many files and connections this process may have open at a time (`ulimit -n`), for programs that share them out; 1024
 * where the system does not tell.
 */
export function openFilesLimit(): number {
  try {
    const found = /^Max open files +(\d+|unlimited)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1]
    return found === 'unlimited' ? Infinity : Number(found ?? USUAL)
  } catch {
    // Other systems than Linux, or no file is left to open this one.
    return USUAL
  }
}
