import { saidOf } from '@drayage/content'
import {
  createWaitFilter,
  dockerStatus,
  PROGRESS_CELLS,
  progressText,
  type DistributionEvent,
  type ProgressVerb,
} from '@drayage/distribution'

import { statusLine, type ProgressView } from './progress-view.ts'

/** Milliseconds between two drawings. */
const FRAME_MS = 100
/** The size of a terminal that does not tell its own. */
const DEFAULT_COLUMNS = 80
const DEFAULT_ROWS = 24

/** The columns that the layer, its state and the numbers take beside the bar. */
const OTHER_COLUMNS = 50

/** States in which a layer is done. */
const DONE: ReadonlySet<string> = new Set(['exists', 'skipped', 'mounted', 'recompressed', 'complete'])

/** The part of a terminal that the view uses. */
export interface Terminal {
  readonly columns?: number
  readonly rows?: number
  write(text: string): unknown
}

interface Row {
  readonly text: string
  readonly isDone: boolean
}

/**
 * One row per layer, redrawn in place at most ten times a second, as docker shows it on a terminal. If there are more
 * layers than rows, only those at work are shown until all are done. A line about anything else ends the block of rows, and
 * why a registry makes a layer wait stands above it.
 */
export function createTtyProgress(terminal: Terminal, verb: ProgressVerb = 'pull'): ProgressView {
  const rows = new Map<string, Row>()
  const isShown = createWaitFilter()
  let drawn = 0
  let timer: ReturnType<typeof setTimeout> | undefined

  const stop = (): void => {
    if (timer !== undefined) clearTimeout(timer)
    timer = undefined
  }
  const draw = (lines: readonly string[]): void => {
    stop()
    const { columns = DEFAULT_COLUMNS } = terminal
    const up = drawn === 0 ? '' : `\u001B[${drawn}A`
    // What is below belongs to the previous drawing, which may have been higher.
    terminal.write(`${up}${lines.map((line) => `\u001B[2K${cut(line, columns)}\n`).join('')}\u001B[J`)
    drawn = lines.length
  }
  const drawFrame = (): void => draw(fitRows(rows, (terminal.rows ?? DEFAULT_ROWS) - 1))
  const end = (): void => {
    stop()
    if (rows.size > 0) draw(linesOf(rows))
    rows.clear()
    drawn = 0
  }

  /** Writes a line above the rows, which go on below. */
  const writeAbove = (text: string): void => {
    terminal.write(drawn === 0 ? text : `\u001B[${drawn}A\u001B[J${text}`)
    drawn = 0
    if (rows.size > 0) drawFrame()
  }

  return {
    onEvent(event: DistributionEvent) {
      const line = dockerStatus(event, verb)
      const { id, status, progress } = line
      if (event.type !== 'layer' || id === undefined) {
        if (!isShown(event)) return
        end()
        terminal.write(statusLine(line))
        return
      }
      const said = event.layer.state === 'retrying' ? saidOf(event.layer.error) : undefined
      // A row has no room for what a registry says.
      if (said !== undefined && isShown(event)) writeAbove(statusLine(line))
      const bar = progress === undefined ? '' : `  ${progressText(progress.current, progress.total, cellsOf(terminal))}`
      rows.set(id, { text: `${status}${bar}`, isDone: DONE.has(event.layer.state) })
      timer ??= setTimeout(drawFrame, FRAME_MS)
    },
    close: end,
  }
}

/** The width of a bar: docker's, or what the layer, its state and the numbers leave of a narrow terminal. */
function cellsOf({ columns = DEFAULT_COLUMNS }: Terminal): number {
  return Math.min(PROGRESS_CELLS, columns - OTHER_COLUMNS)
}

function linesOf(rows: ReadonlyMap<string, Row>): string[] {
  return [...rows].map(([id, { text }]) => `${id}: ${text}`)
}

/** At most `height` lines: the rows at work, in their order, and how many more there are. */
function fitRows(rows: ReadonlyMap<string, Row>, height: number): string[] {
  if (rows.size <= height) return linesOf(rows)
  const room = Math.max(1, height - 1)
  const active = linesOf(new Map([...rows].filter(([, { isDone }]) => !isDone)))
  const shown = active.slice(0, room)
  const done = rows.size - active.length
  return [...shown, `... ${rows.size - shown.length} more, ${done} of ${rows.size} complete`]
}

function cut(text: string, columns: number): string {
  return text.length < columns ? text : text.slice(0, Math.max(0, columns - 1))
}
