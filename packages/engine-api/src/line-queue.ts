import type { ProgressLine } from './progress-line.ts'

/** Most lines that wait for a client; the oldest make room for new ones. */
export const MAX_WAITING_LINES = 4096

/**
 * Lines between work and a client that reads them. The work never waits: of the bytes of one layer only the latest line
 * is kept while the client is busy, and what a client does not read is dropped in the end.
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

  /** Nothing more comes. */
  end(): void {
    this.#isEnded = true
    this.#wake?.()
  }

  /** Resolves when there is a line, or when there will be none; to whether there is one. */
  async some(): Promise<boolean> {
    while (this.#lines.length === 0 && !this.#isEnded) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
      this.#wake = undefined
    }
    return this.#lines.length > 0
  }

  /** Takes all lines that wait. */
  take(): ProgressLine[] {
    return this.#lines.splice(0)
  }
}

/** Whether a line tells how many bytes are there, which the next such line makes obsolete. */
function isUpdate({ id, progressDetail }: ProgressLine): boolean {
  return id !== undefined && progressDetail?.current !== undefined
}
