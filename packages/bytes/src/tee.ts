import type { ByteStream } from './byte-stream.ts'

/**
 * Splits a stream in two that are read side by side: each chunk is read from `source` once, and the faster reader waits for
 * the slower one, so at most one chunk is held. When one reader stops early, the other continues alone; when both stop,
 * `source` is closed. An error of `source` reaches both. Both see the same arrays and must not modify them.
 */
export function tee(source: ByteStream): [ByteStream, ByteStream] {
  const iterator = source[Symbol.asyncIterator]()
  type Turn = { readonly value: Promise<IteratorResult<Uint8Array>>; readonly taken: Set<Branch> }
  type Branch = { open: boolean; wake: (() => void) | undefined }
  const branches: [Branch, Branch] = [
    { open: true, wake: undefined },
    { open: true, wake: undefined },
  ]
  let turn: Turn | undefined
  const other = (branch: Branch): Branch => (branch === branches[0] ? branches[1] : branches[0])
  const wakeOther = (branch: Branch): void => {
    const wake = other(branch).wake
    other(branch).wake = undefined
    wake?.()
  }

  const nextFor = async (branch: Branch): Promise<IteratorResult<Uint8Array>> => {
    for (;;) {
      if (turn === undefined || (turn.taken.has(branch) && (turn.taken.has(other(branch)) || !other(branch).open))) {
        turn = { value: iterator.next(), taken: new Set() }
        turn.value.catch(() => {})
      }
      if (!turn.taken.has(branch)) {
        turn.taken.add(branch)
        wakeOther(branch)
        return turn.value
      }
      await new Promise<void>((resolve) => (branch.wake = resolve))
    }
  }

  async function* read(branch: Branch): ByteStream {
    let drained = false
    try {
      for (;;) {
        const next = await nextFor(branch)
        if (next.done === true) {
          drained = true
          return
        }
        yield next.value
      }
    } finally {
      branch.open = false
      wakeOther(branch)
      if (!drained && !other(branch).open) await iterator.return?.()
    }
  }
  return [read(branches[0]), read(branches[1])]
}
