import type { Digest } from '@drayage/digest'
import type { Repository } from '@drayage/reference'

import type { Database } from './database.ts'

/** How many repositories are kept for one blob, as many as Docker Engine keeps. */
export const MAX_SOURCES: number = 50

/** Remembers that content came from a repository. */
export function recordSource(database: Database, digest: Digest, repository: Repository): void {
  const name = `${repository.domain}/${repository.path}`
  database.transaction(() => {
    database.run('delete from sources where digest = ? and repository = ?', digest, name)
    database.run('insert into sources (digest, repository) values (?, ?)', digest, name)
    database.run(
      'delete from sources where digest = ? and seq not in (select seq from sources where digest = ? order by seq desc limit ?)',
      ...[digest, digest, MAX_SOURCES],
    )
  })
}

/** The repositories that content came from, newest first. */
export function sourcesOf(database: Database, digest: Digest): Repository[] {
  return database.all('select repository from sources where digest = ? order by seq desc', digest).map((row) => {
    const name = String(row['repository'])
    const slash = name.indexOf('/')
    return { domain: name.slice(0, slash), path: name.slice(slash + 1) }
  })
}
