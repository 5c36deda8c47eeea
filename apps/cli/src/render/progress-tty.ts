import { dockerStatus, type DistributionEvent } from '@drayage/distribution'

import { escapeForTerminal } from './escape.ts'
import { progressBar } from './progress-bar.ts'
import type { ProgressView } from './progress-view.ts'

/** Milliseconds between two drawings. */
const FRAME_MS = 100

/** What of a terminal the view needs. */
export interface Terminal {
  readonly columns?: number
  write(text: string): unknown
}

/**
 * One row per layer, redrawn in place at most ten times a second, as docker shows it on a terminal. A line about no layer
 * ends the block of rows and stays.
 */
export function createTtyProgress(terminal: Terminal): ProgressView {
  const rows = new Map<string, string>()
  let drawn = 0
  let timer: ReturnType<typeof setTimeout> | undefined

  const draw = (): void => {
    if (timer !== undefined) clearTimeout(timer)
    timer = undefined
    const up = drawn === 0 ? '' : `\u001B[${drawn}A`
    const lines = [...rows].map(([id, text]) => `\u001B[2K${cut(`${id}: ${text}`, terminal.columns ?? 80)}\n`)
    terminal.write(up + lines.join(''))
    drawn = rows.size
  }

  return {
    onEvent(event: DistributionEvent) {
      const { id, status, progress } = dockerStatus(event)
      if (event.type !== 'layer' || id === undefined) {
        if (rows.size > 0) draw()
        rows.clear()
        drawn = 0
        terminal.write(`${id === undefined ? '' : `${escapeForTerminal(id)}: `}${escapeForTerminal(status)}\n`)
        return
      }
      const bar = progress === undefined ? '' : `  ${progressBar(progress.current, progress.total, terminal.columns ?? 80)}`
      rows.set(id, `${status}${bar}`)
      timer ??= setTimeout(draw, FRAME_MS)
    },
    close() {
      if (timer !== undefined) draw()
    },
  }
}

function cut(text: string, columns: number): string {
  return text.length < columns ? text : text.slice(0, Math.max(0, columns - 1))
}
