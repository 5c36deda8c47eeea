import { formatSize } from '../format/size.ts'

const MAX_CELLS = 50
/** The room that the layer, its state and the numbers take beside the bar. */
const OTHER_COLUMNS = 50
/** A shorter bar shows nothing that the numbers do not. */
const MIN_CELLS = 10

/** Docker's bar: `[====>    ]  1.2MB/7.3MB`, shorter on a narrow terminal, and only the numbers on a very narrow one. */
export function progressBar(current: number, total: number, columns: number): string {
  const numbers = `${formatSize(current, 4).padStart(8)}/${formatSize(total, 4)}`
  const cells = Math.min(MAX_CELLS, columns - OTHER_COLUMNS)
  if (cells < MIN_CELLS) return numbers
  const filled = total <= 0 ? cells : Math.min(cells, Math.floor((current / total) * cells))
  return `[${'='.repeat(filled)}>${' '.repeat(cells - filled)}] ${numbers}`
}
