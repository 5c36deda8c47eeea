import { once } from 'node:events'
import { spawn, type ChildProcess } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { collect } from '@drayage/bytes'
import { afterEach, beforeEach, expect, test } from 'vitest'

import { createFirstFixture, journalIn, stateOf, type FirstFixture } from '../test/first-fixture.ts'

const DIST = fileURLToPath(new URL('../../dist/index.js', import.meta.url))

let first: FirstFixture

beforeEach(async () => {
  first = await createFirstFixture()
})
afterEach(() => first[Symbol.asyncDispose]())

/** Starts a process that takes over; it runs `atStep` at each step and `atRead` before it reads, and tells its steps. */
async function startTakeOver(where: string, { atStep = '', atRead = '' } = {}): Promise<ChildProcess> {
  const blobs: [string, string][] = []
  for await (const what of first.content.list()) {
    const bytes = await collect(first.content.fetch({ ...what, mediaType: 'application/octet-stream' }), {
      maxBytes: 1 << 20,
    })
    blobs.push([what.digest, Buffer.from(bytes).toString('base64')])
  }
  await writeFile(join(where, 'blobs.json'), JSON.stringify(blobs))
  const [bytes, stores] = ['@drayage/bytes', '@drayage/content'].map((each) => import.meta.resolve(each))
  const source = `
    import { existsSync, readFileSync } from 'node:fs'
    import { setTimeout as sleep } from 'node:timers/promises'
    import { fromBytes } from ${JSON.stringify(bytes)}
    import { createMemoryStore, writeBlob } from ${JSON.stringify(stores)}
    import { openDatabase, takeOverFirstModel } from ${JSON.stringify(DIST)}
    const where = ${JSON.stringify(where)}
    const kept = createMemoryStore()
    for (const [digest, text] of JSON.parse(readFileSync(where + '/blobs.json', 'utf8'))) {
      const bytes = Buffer.from(text, 'base64')
      await writeBlob(kept, { mediaType: 'application/octet-stream', digest, size: bytes.byteLength }, bytes)
    }
    let steps = 0
    const atStep = () => { steps++; ${atStep} }
    const atRead = async () => { atStep(); ${atRead} }
    const database = await openDatabase(where + '/metadata.db')
    const counted = {
      ...database,
      run: (...args) => { atStep(); database.run(...args) },
      all: (...args) => { atStep(); return database.all(...args) },
      transaction: (work) => database.transaction(() => { const result = work(); atStep(); return result }),
    }
    const content = {
      fetch: async function* (...args) { await atRead(); yield* kept.fetch(...args) },
      has: async (...args) => { await atRead(); return kept.has(...args) },
    }
    await takeOverFirstModel({ database: counted, content, journal: where + '/names.journal' })
    database[Symbol.dispose]()
    process.stdout.write(String(steps))`
  const flags = ['--input-type=module', '--disable-warning=ExperimentalWarning', '--eval', source]
  return spawn(process.execPath, flags, { stdio: ['ignore', 'pipe', 'inherit'] })
}

/** What a process wrote until it ended. */
async function outputOf(child: ChildProcess): Promise<string> {
  let output = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (output += text))
  await once(child, 'close')
  return output
}

test('a take-over that is killed at any step loses nothing', async () => {
  const steps = Number(await outputOf(await startTakeOver(await first.copyTo('counted'))))
  const state = await stateOf(await first.takenOver(await first.copyTo('whole')))
  expect(steps).toBeGreaterThan(100)
  // At the last step the journal is written, and the database is not.
  for (const step of [1, Math.floor(steps / 3), Math.floor((2 * steps) / 3), steps - 1, steps]) {
    const where = await first.copyTo(`killed-${step}`)
    const child = await startTakeOver(where, { atStep: `if (steps === ${step}) process.kill(process.pid, 'SIGKILL')` })
    expect([await outputOf(child), child.signalCode]).toEqual(['', 'SIGKILL'])
    expect(await stateOf((await first.rebuilt(journalIn(where))).metadata)).toEqual(state)
    expect(await stateOf(await first.takenOver(where))).toEqual(state)
    expect(await stateOf((await first.rebuilt(journalIn(where))).metadata)).toEqual(state)
  }
})

test('of processes that take over at once one does it', async () => {
  const where = await first.copyTo('shared')
  const state = await stateOf(await first.takenOver(await first.copyTo('whole')))
  const atRead = `process.stdout.write('.'); while (!existsSync(where + '/go')) await sleep(5)`
  const children = await Promise.all([1, 2, 3].map(() => startTakeOver(where, { atRead })))
  const outputs = children.map((child) => outputOf(child))
  // All have read what they take over once they read content.
  await Promise.all(children.map(async (child) => child.stdout && once(child.stdout, 'data')))
  await writeFile(join(where, 'go'), '')
  await Promise.all(outputs)
  expect(children.map(({ exitCode }) => exitCode)).toEqual([0, 0, 0])
  expect((await readFile(journalIn(where), 'utf8')).split('"op":"reset"')).toHaveLength(2)
  expect(await stateOf(await first.takenOver(where))).toEqual(state)
  expect(await stateOf((await first.rebuilt(journalIn(where))).metadata)).toEqual(state)
})
