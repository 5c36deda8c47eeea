import { once } from 'node:events'
import { Worker } from 'node:worker_threads'

import type { PasswordQuestion } from './password-worker.ts'

let worker: Worker | undefined

/**
 * Whether a password has this hash of bcrypt, found out by a thread of its own, since that takes long on purpose. One
 * question at a time.
 */
export async function comparePassword(question: PasswordQuestion): Promise<boolean> {
  worker ??= startThread()
  const asked = worker
  asked.ref()
  try {
    const answer = once(asked, 'message')
    asked.postMessage(question)
    const [isRight]: unknown[] = await answer
    return isRight === true
  } catch (error) {
    // The thread has failed; the next question starts another one.
    worker = undefined
    await asked.terminate()
    throw error
  } finally {
    asked.unref()
  }
}

function startThread(): Worker {
  const script = import.meta.url.endsWith('.ts') ? './password-worker.ts' : './password-worker.js'
  const started = new Worker(new URL(script, import.meta.url), { execArgv: [] })
  started.unref()
  return started
}
