import type { RowPage } from '../tables.ts'

/** The rows of a table in memory, by key. */
export class Rows<Row> {
  #rows = new Map<string, Row>()
  /** The rows as they were when the open transaction began, once it has changed any. */
  #before: Map<string, Row> | undefined
  #isRecording = false

  get(key: string): Row | undefined {
    return this.#rows.get(key)
  }

  /** The rows that `isWanted` accepts, in the order in which they were added. */
  where(isWanted: (row: Row) => boolean = () => true): Row[] {
    return [...this.#rows.values()].filter(isWanted)
  }

  /** Adds or replaces a row, which becomes the last one. */
  set(key: string, row: Row): void {
    this.#change()
    this.#rows.delete(key)
    this.#rows.set(key, row)
  }

  /** Replaces a row, which stays in its place. */
  replace(key: string, row: Row): void {
    this.#change()
    this.#rows.set(key, row)
  }

  removeWhere(isUnwanted: (row: Row) => boolean): void {
    this.#change()
    for (const [key, row] of this.#rows) if (isUnwanted(row)) this.#rows.delete(key)
  }

  remove(key: string): void {
    this.#change()
    this.#rows.delete(key)
  }

  begin(): void {
    this.#isRecording = true
  }

  end(isKept: boolean): void {
    if (!isKept && this.#before !== undefined) this.#rows = this.#before
    this.#before = undefined
    this.#isRecording = false
  }

  #change(): void {
    if (this.#isRecording) this.#before ??= new Map(this.#rows)
  }
}

/** Sorts by a text, by its UTF-16 units. */
export function by<Row>(text: (row: Row) => string): (a: Row, b: Row) => number {
  return (a, b) => (text(a) < text(b) ? -1 : text(a) > text(b) ? 1 : 0)
}

/** A page of some texts, sorted. */
export function pageOf(texts: readonly string[], { limit, after = '' }: RowPage): string[] {
  return texts
    .filter((text) => text > after)
    .sort()
    .slice(0, limit)
}
