import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

import { afterEach, beforeEach, expect, test } from 'vitest'

import { openDatabase } from './database.ts'
import { SCHEMA_VERSION, MIGRATIONS } from './schema.ts'

const DIST = fileURLToPath(new URL('../../dist/index.js', import.meta.url))
let directory: string
let path: string

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'drayage-database-'))
  path = join(directory, 'metadata.db')
})
afterEach(() => rm(directory, { recursive: true }))

/** A module that opens the database at argv[2] and runs `body`. */
function script(body: string): string[] {
  const source = `import { openDatabase } from ${JSON.stringify(DIST)}
    const database = await openDatabase(${JSON.stringify(path)}); ${body}`
  return ['--input-type=module', '--disable-warning=ExperimentalWarning', '--eval', source]
}

test('openDatabase() creates a durable WAL database with foreign keys and finds it again', async () => {
  {
    using database = await openDatabase(path)
    expect(database.isNew).toBe(true)
    expect(database.all('pragma journal_mode')[0]?.['journal_mode']).toBe('wal')
    expect(database.all('pragma synchronous')[0]?.['synchronous']).toBe(1)
    expect(database.all('pragma foreign_keys')[0]?.['foreign_keys']).toBe(1)
    expect(database.all('pragma busy_timeout')[0]?.['timeout']).toBe(1000)
    expect(database.all('pragma user_version')[0]?.['user_version']).toBe(SCHEMA_VERSION)
  }
  using again = await openDatabase(path)
  expect(again.isNew).toBe(false)
})

test('openDatabase() refuses a database of a newer layout', async () => {
  {
    using database = await openDatabase(path)
    database.run(`pragma user_version = ${SCHEMA_VERSION + 1}`)
  }
  await expect(openDatabase(path)).rejects.toMatchObject({
    code: 'ERR_STORE_VERSION',
    found: SCHEMA_VERSION + 1,
    supported: SCHEMA_VERSION,
  })
})

test('openDatabase() brings an older layout to the present one and keeps what it holds', async () => {
  const [first = ''] = MIGRATIONS
  const old = new DatabaseSync(path)
  old.exec(first)
  old.exec("insert into sources (digest, repository) values ('sha256:a', 'registry.test/app'); pragma user_version = 1")
  old.close()
  using database = await openDatabase(path)
  expect(database.isNew).toBe(false)
  expect(database.all('pragma user_version')[0]?.['user_version']).toBe(SCHEMA_VERSION)
  expect(database.all('select digest, repository, auth from sources')).toEqual([
    { digest: 'sha256:a', repository: 'registry.test/app', auth: null },
  ])
})

test('openDatabase() says that a file is not a database', async () => {
  await writeFile(path, 'no database, and long enough to have a header of one'.repeat(40))
  await expect(openDatabase(path)).rejects.toMatchObject({ code: 'ERR_STORE_CORRUPT', path })
})

test('openDatabase() says that another process holds the database', async () => {
  using database = await openDatabase(path)
  using other = await openDatabase(path, { busyTimeoutMs: 20 })
  database.transaction(() => {
    expect(() => other.transaction(() => 1)).toThrow(expect.objectContaining({ code: 'ERR_STORE_BUSY' }))
  })
  expect(other.transaction(() => 1)).toBe(1)
})

test('openDatabase() checks its options and its signal', async () => {
  await expect(openDatabase(path, { busyTimeoutMs: -1 })).rejects.toThrow(RangeError)
  const reason = new Error('enough')
  await expect(openDatabase(path, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
})

test('transaction() undoes all of a failed one, and only the inner part of a failed inner one', async () => {
  using database = await openDatabase(path)
  const add = (name: string): void => database.run('insert into sources (digest, repository) values (?, ?)', name, name)
  const held = (): unknown[] => database.all('select digest from sources order by digest').map((row) => row['digest'])
  expect(() =>
    database.transaction(() => {
      add('lost')
      throw new Error('stop')
    }),
  ).toThrow('stop')
  expect(held()).toEqual([])
  database.transaction(() => {
    add('a')
    expect(() =>
      database.transaction(() => {
        add('b')
        throw new Error('inner')
      }),
    ).toThrow('inner')
    database.transaction(() => add('c'))
  })
  expect(held()).toEqual(['a', 'c'])
  expect(() => database.transaction(async () => add('d'))).toThrow(TypeError)
  expect(held()).toEqual(['a', 'c'])
})

test('openDatabase() lets processes open a new database and count in it at the same time', async () => {
  const count = `for (let turn = 0; turn < 25; turn++) database.transaction(() => {
      const [row] = database.all('select count(*) as n from sources')
      database.run('insert into sources (digest, repository) values (?, ?)', String(row.n), 'counted')
    })
    database[Symbol.dispose]()`
  const run = promisify(execFile)
  await Promise.all([1, 2, 3, 4].map(() => run(process.execPath, script(count))))
  using database = await openDatabase(path)
  expect(database.all('select count(distinct digest) as n from sources')[0]?.['n']).toBe(100)
})

test('what a killed writer reported is present, and the database is sound', async () => {
  const write = `for (let turn = 0; ; turn++) {
      const id = process.pid + '-' + turn
      database.transaction(() => {
        database.run('insert into sources (digest, repository) values (?, ?)', id, 'one')
        database.run('insert into sources (digest, repository) values (?, ?)', id, 'two')
      })
      process.stdout.write(id + '\\n')
    }`
  for (let round = 0; round < 5; round++) {
    const child = spawn(process.execPath, script(write), { stdio: ['ignore', 'pipe', 'inherit'] })
    let reported = ''
    for await (const chunk of child.stdout.setEncoding('utf8')) {
      reported += String(chunk)
      if (reported.split('\n').length > 5 + round * 3) child.kill('SIGKILL')
    }
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    using database = await openDatabase(path)
    expect(database.all('pragma integrity_check')[0]?.['integrity_check']).toBe('ok')
    const lines = reported.split('\n').slice(0, -1)
    expect(lines.length).toBeGreaterThan(0)
    for (const id of lines) expect(database.all('select repository from sources where digest = ?', id)).toHaveLength(2)
    expect(database.all('select digest from sources group by digest having count(*) <> 2')).toEqual([])
  }
})
