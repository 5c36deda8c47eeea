import type { Digest } from '@drayage/digest'
import type { Repository } from '@drayage/reference'

import type { Database } from './database.ts'

/** How many repositories are kept for one blob, as many as Docker Engine keeps. */
export const MAX_SOURCES: number = 50

/** A repository that content came from or was pushed to. */
export interface ContentSource extends Repository {
  /** Tells who was there, without telling the credentials; absent for anybody. */
  readonly auth?: string
}

/** Content in a repository. */
export interface NewSource {
  readonly digest: Digest
  /** A keyed hash of the credentials, never these themselves; none by default. */
  readonly auth?: string | undefined
}

/** Remembers that content is in a repository, as the newest of its sources. */
export function recordSources(database: Database, content: readonly NewSource[], repository: Repository): void {
  const name = textOf(repository)
  database.transaction(() => {
    for (const { digest, auth } of content) {
      database.run('delete from sources where digest = ? and repository = ?', digest, name)
      database.run('insert into sources (digest, repository, auth) values (?, ?, ?)', digest, name, auth ?? null)
      database.run(
        'delete from sources where digest = ? and seq not in (select seq from sources where digest = ? order by seq desc limit ?)',
        ...[digest, digest, MAX_SOURCES],
      )
    }
  })
}

/** Forgets that content is in a repository. */
export function forgetSource(database: Database, digest: Digest, repository: Repository): void {
  database.run('delete from sources where digest = ? and repository = ?', digest, textOf(repository))
}

/** The repositories that content is in, newest first. */
export function sourcesOf(database: Database, digest: Digest): ContentSource[] {
  return database.all('select repository, auth from sources where digest = ? order by seq desc', digest).map((row) => {
    const name = String(row['repository'])
    const slash = name.indexOf('/')
    const { auth } = row
    return {
      domain: name.slice(0, slash),
      path: name.slice(slash + 1),
      ...(typeof auth === 'string' && { auth }),
    }
  })
}

function textOf({ domain, path }: Repository): string {
  return `${domain}/${path}`
}
