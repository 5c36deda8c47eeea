import { close, constants, open } from 'node:fs'
import { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'

import type { AbortOptions } from '@drayage/bytes'

const openFile = promisify(open)
const closeFile = promisify(close)

const WAYS = {
  read: { own: constants.O_RDONLY, other: constants.O_WRONLY },
  write: { own: constants.O_WRONLY, other: constants.O_RDONLY },
} as const

/** How often a stopped wait is tried to be ended: it may not have begun. */
const WAKE_MS = 10

/**
 * Opens a pipe, waiting for somebody at its other end. The signal ends the wait, and whatever reads or writes later does so
 * without blocking a thread.
 */
export async function openPipe(path: string, way: 'read' | 'write', { signal }: AbortOptions = {}): Promise<Socket> {
  signal?.throwIfAborted()
  const { own, other } = WAYS[way]
  let isOpen = false
  const opening = openFile(path, own).finally(() => void (isOpen = true))
  const wake = async (): Promise<void> => {
    while (!isOpen) {
      // Coming to the other end for a moment lets the system call return.
      await openFile(path, other | constants.O_NONBLOCK).then(closeFile, () => {})
      await sleep(WAKE_MS)
    }
  }
  const onAbort = (): void => void wake()
  signal?.addEventListener('abort', onAbort, { once: true })
  try {
    const fd = await opening
    if (signal?.aborted === true) await closeFile(fd)
    signal?.throwIfAborted()
    return new Socket({ fd, readable: way === 'read', writable: way === 'write' })
  } finally {
    signal?.removeEventListener('abort', onAbort)
  }
}
