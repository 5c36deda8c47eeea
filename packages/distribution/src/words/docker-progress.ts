const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const

/** Bytes as docker shows them: in decimal units, with at most `digits` significant digits, such as `7.34MB`. */
export function formatSize(bytes: number, digits: number = 3): string {
  let value = bytes
  let unit = 0
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1000
    unit++
  }
  return `${Number(value.toPrecision(digits))}${UNITS[unit] ?? ''}`
}

/** How wide docker's bar is, without its brackets and its tip. */
export const PROGRESS_CELLS = 50

/** A narrower bar shows nothing that the numbers do not. */
const MIN_CELLS = 10

/**
 * Docker's bar and its numbers, `[=====>     ]  1.2MB/12MB`; the numbers alone where fewer than ten cells are left for the
 * bar or the total is not known, and nothing before the first byte of an unknown total.
 *
 * @param cells the width of the bar, `PROGRESS_CELLS` by default
 */
export function progressText(current: number, total: number, cells: number = PROGRESS_CELLS): string {
  if (current <= 0 && total <= 0) return ''
  const numbers = formatSize(current, 4).padStart(8)
  if (total <= 0) return numbers
  const all = current > total ? numbers : `${numbers}/${formatSize(total, 4)}`
  if (cells < MIN_CELLS) return all
  const filled = Math.min(cells, Math.floor((current / total) * cells))
  return `[${'='.repeat(filled)}>${' '.repeat(cells - filled)}] ${all}`
}
