import { PROGRESS_BYTES, PROGRESS_PARTS } from '../defaults.ts'
import { judgeFailures, type FailureJudge } from './judge-failures.ts'

/**
 * Tells whether the tries of one blob get further: by {@link PROGRESS_BYTES} since it was last so, or by a part of a smaller
 * blob. Tries that do are not counted, and doubts of what came before are forgotten; a place that breaks off after a few
 * bytes each time comes to an end.
 */
export class Progress {
  /** Where the next try begins. */
  offset: number
  #mark: number
  #judge: FailureJudge = judgeFailures()
  readonly #step: number

  constructor(size: number, offset: number = 0) {
    this.offset = offset
    this.#mark = offset
    this.#step = Math.max(1, Math.min(PROGRESS_BYTES, Math.floor(size / PROGRESS_PARTS)))
  }

  /** Whether the tries since the last time that it was so have got further. */
  readonly hasPassed = (): boolean => {
    if (this.offset - this.#mark < this.#step) return false
    this.#mark = this.offset
    this.#judge = judgeFailures()
    return true
  }

  /** Judges the failure of a try, after {@link Progress.hasPassed}. */
  readonly judge: FailureJudge = (error) => this.#judge(error)
}
