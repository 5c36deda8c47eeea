import type { ProgressLine } from './progress-line.ts'

/** The most lines that wait for a client; the oldest make room for new ones. */
export const MAX_WAITING_LINES = 4096

/**
 * Lines on their way to a client. The work that pushes them never waits: of a layer's byte counts only the latest is kept,
 * and beyond the limit the oldest lines are dropped.
 */
export class LineQueue {
  readonly #lines: ProgressLine[] = []
  #isEnded = false
  #wake: (() => void) | undefined

  push(line: ProgressLine): void {
    if (this.#isEnded) return
    const at = isUpdate(line) ? this.#lines.findLastIndex((other) => other.id === line.id) : -1
    const last = this.#lines[at]
    if (last !== undefined && isUpdate(last)) this.#lines[at] = line
    else this.#lines.push(line)
    if (this.#lines.length > MAX_WAITING_LINES) this.#lines.shift()
    this.#wake?.()
  }

  /** Ends the queue; later lines are ignored. */
  end(): void {
    this.#isEnded = true
    this.#wake?.()
  }

  /** Resolves to `true` when a line waits, and to `false` when the queue has ended. */
  async some(): Promise<boolean> {
    while (this.#lines.length === 0 && !this.#isEnded) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
      this.#wake = undefined
    }
    return this.#lines.length > 0
  }

  /** Takes all waiting lines. */
  take(): ProgressLine[] {
    return this.#lines.splice(0)
  }
}

/** Whether a line is a byte count, which the next one of the layer replaces. */
function isUpdate({ id, progressDetail }: ProgressLine): boolean {
  return id !== undefined && progressDetail?.current !== undefined
}
