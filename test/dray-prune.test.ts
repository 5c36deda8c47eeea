// What `dray prune` and `dray df` show, ask and take.
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'

import { buildImage, randomBytes, run, tempDir, writeOciLayout, type TempDir } from '@drayage/testkit'

import { drayIn, program } from './dray-process.ts'

let scratch: TempDir

beforeEach(async () => {
  scratch = await tempDir()
})
afterEach(async () => {
  await scratch[Symbol.asyncDispose]()
})

async function ok(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await drayIn(scratch.path, ...args)
  expect([code, stderr]).toEqual([0, ''])
  return stdout
}

/** Loads an image of some bytes under a name. */
async function load(name: string, seed: string, bytes = 20_000): Promise<void> {
  const layout = path.join(scratch.path, `layout-${seed}`)
  await writeOciLayout(
    layout,
    await buildImage({ layers: [[{ path: seed, content: randomBytes(seed, bytes) }]] }),
    name,
  )
  await ok('load', '-q', '-i', layout)
}

test('prune --dry-run lists names and bytes, and removes nothing', async () => {
  await load('app:1', 'a')
  await load('app:2', 'b')
  await load('app:1', 'c')
  const images = await ok('images')
  const plan = await ok('prune', '--dry-run')
  expect(plan).toMatch(
    /^WOULD REMOVE +IMAGE ID +FREES\n<none> +[0-9a-f]{12} +2\d\S*kB\nTotal reclaimable space: 2\d\S*kB\n$/i,
  )
  expect(await ok('prune', '--keep', '1', '--dry-run', '-f')).toMatch(/<none> .*\napp:2 .*\n|app:2 .*\n<none> .*\n/)
  expect(await ok('images')).toBe(images)
  const total = /space: (?<size>\S+)/.exec(plan)?.groups?.['size']
  expect(await ok('prune')).toMatch(new RegExp(`Total reclaimed space: ${total}\n$`))
  expect(await ok('prune', '--dry-run')).toBe('Total reclaimable space: 0B\n')
})

test('prune --keep leaves the tags that were given last', async () => {
  for (const at of ['1', '2', '3']) await load(`app:${at}`, at)
  await load('other:1', 'other')
  await ok('prune', '--keep', '2')
  expect((await ok('images', '--format', '{{.Repository}}:{{.Tag}}')).trim().split('\n').toSorted()).toEqual([
    ...['app:2', 'app:3', 'other:1'],
  ])
})

test('prune --max-size takes what was used least recently until the store is small enough', async () => {
  for (const at of ['1', '2', '3']) await load(`app:${at}`, at)
  const plan = await ok('prune', '--max-size', '45kB', '--dry-run')
  expect(plan).toMatch(/\napp:1 +[0-9a-f]{12} +2\d\S*kB\nTotal reclaimable space: 2\d\S*kB\n$/)
  expect(await ok('prune', '--max-size', '45kB')).toContain('Untagged: app:1\n')
  expect((await ok('images', '-q')).trim().split('\n')).toHaveLength(2)
  expect(await ok('prune', '--max-size', '45kB')).toBe('Total reclaimed space: 0B\n')
})

test.each([
  ['y', 0],
  ['n', 1],
  ['', 1],
])('prune asks on a terminal, and the answer %j counts', async (answer, left) => {
  await load('app:1', 'a')
  await load('app:1', 'b')
  const command = `${process.execPath} ${program} --store ${scratch.path}/store prune`
  const { code, stdout } = await run('script', ['-qec', command, '/dev/null'], { input: `${answer}\n` })
  expect(code).toBe(0)
  expect(stdout).toMatch(/<none> .*2\d\S*kB[^]*Are you sure you want to continue\? \[y\/N\]/)
  const images = await ok('images', '--filter', 'dangling=true', '-q')
  expect(images.split('\n')).toHaveLength(left + 1)
  const forced = await run('script', ['-qec', `${command} -f`, '/dev/null'])
  expect(forced.stdout).not.toContain('Are you sure')
  expect(await ok('images', '--filter', 'dangling=true', '-q')).toBe('')
})

test('df has the totals in its last line, as a table and as JSON', async () => {
  await load('app:1', 'a')
  await load('app:1', 'b')
  const size = '2\\d(\\.\\d+)?kB'
  expect(await ok('df')).toMatch(
    new RegExp(`\n\nOn disk: \\S+ \\(shared: 0B, unique: \\S+\\), reclaimable: ${size}, partial: 0B\n$`),
  )
  const lines = (await ok('df', '--format', 'json')).trim().split('\n')
  expect(lines).toHaveLength(3)
  expect(JSON.parse(lines[2] ?? '')).toEqual({
    OnDisk: expect.stringMatching(/kB$/) as string,
    SharedSize: '0B',
    UniqueSize: expect.stringMatching(/kB$/) as string,
    Reclaimable: expect.stringMatching(new RegExp(size)) as string,
    Partial: '0B',
  })
})
