import { createHmac, randomBytes } from 'node:crypto'

import { compare } from 'bcryptjs'

import { HtpasswdError } from '../errors.ts'
import type { CheckLogin } from '../users.ts'

/** Most logins whose success is remembered. */
const MAX_REMEMBERED = 1000

/** How long the success of a login is remembered, in milliseconds: checking a password takes long on purpose. */
const REMEMBERED_MS = 300_000

/** A hash that no password has, of a cost. */
const nobody = (cost: string): string => `$2b$${cost}$abcdefghijklmnopqrstuuW7tVQjBpB1LkGkXQ0VfE7Jx0Z8nT5vK`

/**
 * Reads the text of an htpasswd file: a user and a bcrypt hash a line, as `htpasswd -B` writes it.
 *
 * @throws HtpasswdError `ERR_HTPASSWD` for a line of another form, such as one with a hash that can be guessed
 */
export function parseHtpasswd(text: string): CheckLogin {
  const hashes = new Map<string, string>()
  // Checking a user who does not exist takes as long as one who does, of the costliest hash.
  let decoy = nobody('10')
  let highestCost = ''
  for (const [at, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue
    const match = /^([^:]{1,255}):(\$2[aby]\$\d{2}\$[./A-Za-z0-9]{53})$/.exec(line.trim())
    if (match?.[1] === undefined || match[2] === undefined) throw new HtpasswdError(at + 1)
    hashes.set(match[1], match[2])
    const cost = match[2].slice(4, 6)
    if (cost <= highestCost) continue
    highestCost = cost
    decoy = nobody(cost)
  }
  const key = randomBytes(32)
  const remembered = new Map<string, number>()
  return async ({ username, password }) => {
    const login = createHmac('sha256', key)
      .update(JSON.stringify([username, password]))
      .digest('base64')
    const until = remembered.get(login)
    if (until !== undefined && until > performance.now()) return true
    const hash = hashes.get(username)
    const isRight = await compare(password, hash ?? decoy)
    if (!isRight || hash === undefined) return false
    if (remembered.size >= MAX_REMEMBERED) remembered.clear()
    remembered.set(login, performance.now() + REMEMBERED_MS)
    return true
  }
}
