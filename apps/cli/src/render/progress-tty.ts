import { dockerStatus, type DistributionEvent, type ProgressVerb } from '@drayage/distribution'

import { escapeForTerminal } from './escape.ts'
import { progressBar } from './progress-bar.ts'
import type { ProgressView } from './progress-view.ts'

/** Milliseconds between two drawings. */
const FRAME_MS = 100
/** What a terminal has that does not say. */
const DEFAULT_COLUMNS = 80
const DEFAULT_ROWS = 24

/** States after which there is nothing more to do for a layer. */
const DONE: ReadonlySet<string> = new Set(['exists', 'mounted', 'recompressed', 'complete'])

/** What of a terminal the view needs. */
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
 * One row per layer, redrawn in place at most ten times a second, as docker shows it on a terminal. Where there are more
 * layers than rows, those at work are shown until all are done. A line about no layer ends the block of rows and stays.
 */
export function createTtyProgress(terminal: Terminal, verb: ProgressVerb = 'pull'): ProgressView {
  const rows = new Map<string, Row>()
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
    // What is below belongs to the drawing before, which may have been higher.
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

  return {
    onEvent(event: DistributionEvent) {
      const { id, status, progress } = dockerStatus(event, verb)
      if (event.type !== 'layer' || id === undefined) {
        end()
        terminal.write(`${id === undefined ? '' : `${escapeForTerminal(id)}: `}${escapeForTerminal(status)}\n`)
        return
      }
      const { columns = DEFAULT_COLUMNS } = terminal
      const bar = progress === undefined ? '' : `  ${progressBar(progress.current, progress.total, columns)}`
      rows.set(id, { text: `${status}${bar}`, isDone: DONE.has(event.layer.state) })
      timer ??= setTimeout(drawFrame, FRAME_MS)
    },
    close: end,
  }
}

function linesOf(rows: ReadonlyMap<string, Row>): string[] {
  return [...rows].map(([id, { text }]) => `${id}: ${text}`)
}

/** At most `height` lines: the rows at work, in their order, and how many there are besides. */
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
