import { createHmac, randomBytes } from 'node:crypto'

import { createLruMap } from '@drayage/bytes'
import { compare } from 'bcryptjs'

import { HtpasswdError } from '../errors.ts'
import type { CheckLogin } from '../auth/users.ts'

/** The most successful logins that are remembered. */
const MAX_REMEMBERED = 1000

/** How long a successful login is remembered, in milliseconds: checking a password is slow on purpose. */
const REMEMBERED_MS = 300_000

/** A hash of this cost that no password has. */
const decoyHash = (cost: string): string => `$2b$${cost}$abcdefghijklmnopqrstuuW7tVQjBpB1LkGkXQ0VfE7Jx0Z8nT5vK`

/**
 * Reads the text of an htpasswd file: one user with a bcrypt hash per line, as `htpasswd -B` writes it.
 *
 * @throws HtpasswdError `ERR_HTPASSWD` for any other line, such as one with a weaker hash
 */
export function parseHtpasswd(text: string): CheckLogin {
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
  const key = randomBytes(32)
  const remembered = createLruMap<string, number>({ maxEntries: MAX_REMEMBERED })
  return async ({ username, password }) => {
    const login = createHmac('sha256', key)
      .update(JSON.stringify([username, password]))
      .digest('base64')
    const until = remembered.get(login)
    if (until !== undefined && until > performance.now()) return true
    const hash = hashes.get(username)
    const isRight = await compare(password, hash ?? decoy)
    if (!isRight || hash === undefined) return false
    remembered.set(login, performance.now() + REMEMBERED_MS)
    return true
  }
}
