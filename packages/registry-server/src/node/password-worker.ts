import { parentPort } from 'node:worker_threads'

import { compareSync } from 'bcryptjs'

/** What is asked of the thread that compares passwords with their hashes. */
export interface PasswordQuestion {
  readonly password: string
  /** Of bcrypt, as in an htpasswd file. */
  readonly hash: string
}

// Answers one question after the other, with `true` or `false`. A hash that is none ends the thread, and the question
// fails; one that htpasswd files are read with is always one.
parentPort?.on('message', ({ password, hash }: PasswordQuestion) => {
  parentPort?.postMessage(compareSync(password, hash))
})
