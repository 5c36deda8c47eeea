import { formatRepository } from '@drayage/reference'

import type { SourceTable } from '../tables.ts'
import type { Database } from './database.ts'

/** The sources of a database. */
export function openSourceTable(database: Database): SourceTable {
  return {
    put({ digest, auth }, repository, most) {
      const name = formatRepository(repository)
      database.run('delete from sources where digest = ? and repository = ?', digest, name)
      database.run('insert into sources (digest, repository, auth) values (?, ?, ?)', digest, name, auth ?? null)
      database.run(
        'delete from sources where digest = ? and seq not in (select seq from sources where digest = ? order by seq desc limit ?)',
        ...[digest, digest, most],
      )
    },
    remove(digest, repository) {
      database.run('delete from sources where digest = ? and repository = ?', digest, formatRepository(repository))
    },
    of: (digest) =>
      database.all('select repository, auth from sources where digest = ? order by seq desc', digest).map((row) => {
        const [domain = '', ...path] = String(row['repository']).split('/')
        const { auth } = row
        return { domain, path: path.join('/'), ...(typeof auth === 'string' && { auth }) }
      }),
  }
}
