import { createHmac, randomBytes } from 'node:crypto'

import { createLruMap } from '@drayage/bytes'
import { truncates } from 'bcryptjs'

import type { UserDirectory } from '../auth/users.ts'
import { HtpasswdError } from '../errors.ts'
import { clientAddress, createLoginQueue } from './login-queue.ts'
import { comparePassword } from './password-thread.ts'

/** The most successful logins that are remembered. */
const MAX_REMEMBERED = 1000

/** How long a successful login is remembered after its last use, in milliseconds: checking a password is slow on purpose. */
const REMEMBERED_MS = 3_600_000

/** A hash of this cost that no password has. */
const decoyHash = (cost: string): string => `$2b$${cost}$abcdefghijklmnopqrstuuW7tVQjBpB1LkGkXQ0VfE7Jx0Z8nT5vK`

/** Of all files, so that a file that is read anew lets nobody try more. */
const queue = createLoginQueue()

/**
 * Reads the text of an htpasswd file: one user with a bcrypt hash per line, as `htpasswd -B` writes it. Passwords are
 * checked by a thread, a few at a time, and wrong ones are answered ever later; logins that were right are known at once.
 * Of more than 72 bytes bcrypt sees only those, so such a password is never right.
 *
 * @throws HtpasswdError `ERR_HTPASSWD` for any other line, such as one with a weaker hash
 */
export function parseHtpasswd(text: string): UserDirectory {
  const { hashes, decoy } = readLines(text)
  const key = randomBytes(32)
  const remembered = createLruMap<string, number>({ maxEntries: MAX_REMEMBERED })
  return {
    stampOf: async (user) => hashes.get(user),
    async check({ username, password }) {
      const login = createHmac('sha256', key)
        .update(JSON.stringify([username, password]))
        .digest('base64')
      const until = remembered.get(login)
      const isKnown = until !== undefined && until > performance.now()
      const hash = hashes.get(username)
      const compare = (): Promise<boolean> => comparePassword({ password, hash: hash ?? decoy })
      if (!isKnown && !(await queue.run({ address: clientAddress(), username }, compare))) return false
      if (hash === undefined || truncates(password)) return false
      remembered.set(login, performance.now() + REMEMBERED_MS)
      return true
    },
  }
}

function readLines(text: string): { readonly hashes: ReadonlyMap<string, string>; readonly decoy: string } {
  const hashes = new Map<string, string>()
  // Checking an unknown user takes as long as the costliest hash, so that timing does not reveal who exists.
  let decoy = decoyHash('10')
  let highestCost = ''
  for (const [at, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue
    const match = /^([^:]{1,255}):(\$2[aby]\$\d{2}\$[./A-Za-z0-9]{53})$/.exec(line.trim())
    if (match?.[1] === undefined || match[2] === undefined) throw new HtpasswdError(at + 1)
    hashes.set(match[1], match[2])
    const cost = match[2].slice(4, 6)
    if (cost <= highestCost) continue
    highestCost = cost
    decoy = decoyHash(cost)
  }
  return { hashes, decoy }
}
