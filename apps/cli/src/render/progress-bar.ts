import { formatSize } from '../format/size.ts'

const CELLS = 50

/** Docker's bar: `[====>    ]  1.2MB/7.3MB`, without the cells when the terminal is narrower than 110 columns. */
export function progressBar(current: number, total: number, columns: number): string {
  const numbers = `${formatSize(current, 4).padStart(8)}/${formatSize(total, 4)}`
  if (columns <= 110) return numbers
  const filled = total === 0 ? CELLS : Math.min(CELLS, Math.floor((current / total) * CELLS))
  const arrow = filled < CELLS ? `${'='.repeat(filled)}>${' '.repeat(CELLS - filled)}` : '='.repeat(CELLS + 1)
  return `[${arrow.slice(0, CELLS + 1)}] ${numbers}`
}
