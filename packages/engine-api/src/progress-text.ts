const CELLS = 50
const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const

/** A bar and its numbers, `[=====>     ]  1.2MB/12MB`, as Docker Engine writes it for older clients. */
export function progressText(current: number, total: number): string {
  if (current <= 0 && total <= 0) return ''
  const numbers = humanSize(current)
  if (total <= 0) return numbers.padStart(8)
  const filled = Math.min(CELLS, Math.floor((current / total) * CELLS))
  const head = filled === CELLS ? '' : '>'
  const bar = `[${'='.repeat(filled)}${head}${' '.repeat(CELLS - filled - head.length)}] `
  return `${bar}${numbers.padStart(8)}${current > total ? '' : `/${humanSize(total)}`}`
}

/** Bytes in decimal units with four digits at the most, as `1.234MB`. */
export function humanSize(bytes: number): string {
  let value = bytes
  let unit = 0
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1000
    unit++
  }
  return `${Number(value.toPrecision(4))}${UNITS[unit] ?? ''}`
}
