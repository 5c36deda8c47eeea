// dray sync as a user runs it, between layouts.
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { buildImage, run, tempDir, writeOciLayout, type RunResult, type TempDir } from '@drayage/testkit'

const program = path.resolve(import.meta.dirname, '../apps/cli/bin/dray.js')
let scratch: TempDir
let digest: string

beforeAll(async () => {
  scratch = await tempDir()
  const image = await buildImage()
  digest = image.manifest.digest
  await writeOciLayout(path.join(scratch.path, 'from'), image, '1')
})
afterAll(async () => {
  await scratch[Symbol.asyncDispose]()
})

/** Runs `dray sync` with the file as its stdin, or as a file. */
async function sync(text: string, ...args: string[]): Promise<RunResult> {
  const file = path.join(scratch.path, 'sync.yaml')
  await writeFile(file, text.replaceAll('DIR', scratch.path))
  return await run(process.execPath, [program, 'sync', ...args, file])
}

const ONE = 'images: [{ from: "oci:DIR/from", to: "oci:DIR/to", tags: all }]'

test('dray sync prints a line for each image, but with -q none for equal ones', async () => {
  const places = `oci:${scratch.path}/from:1 -> oci:${scratch.path}/to:1`
  expect(await sync(ONE, '--dry-run', '-q')).toMatchObject({ code: 0, stdout: `outdated ${places}\n`, stderr: '' })
  expect(await sync(ONE, '-q')).toMatchObject({ code: 0, stdout: `copied   ${places}\n`, stderr: '' })
  expect(await sync(ONE)).toMatchObject({ code: 0, stdout: `equal    ${places}\n`, stderr: '' })
  expect(await sync(ONE, '-q')).toMatchObject({ code: 0, stdout: '', stderr: '' })
  const rows = await sync(ONE, '--format', 'json')
  expect(JSON.parse(rows.stdout)).toEqual({
    From: `oci:${scratch.path}/from:1`,
    To: `oci:${scratch.path}/to:1`,
    Status: 'equal',
    Digest: digest,
    Error: '',
    Code: '',
  })
  expect((await sync(ONE, '--format', 'table')).stdout).toMatch(/^STATUS +FROM +TO +ERROR\nequal +oci:/)
})

test('dray sync names what is wrong in the file, and a missing file', async () => {
  const wrong = await sync('images: [{ from: a, to: b, tag: c }]')
  const message =
    'dray: Cannot sync "images[0].tag": found an unknown key, expected from, to, repositories, tags, platforms, index or referrers\n'
  expect(wrong).toMatchObject({ code: 2, stdout: '', stderr: message })
  const missing = await run(process.execPath, [program, 'sync', 'none.yaml'])
  expect(missing).toMatchObject({
    code: 2,
    stderr: 'dray: Cannot open "none.yaml": no such file or directory\n',
  })
})

test('dray sync continues after a failure, and exits with the highest exit code of the failures', async () => {
  const { code, stdout } = await sync(`images:
- { from: "oci:DIR/from", to: "oci:DIR/to", tags: ['0', '1'] }
- { from: "oci:DIR/none", to: "oci:DIR/other", tags: all }`)
  expect(code).toBe(3)
  const lines = stdout.trimEnd().split('\n')
  expect(lines.map((line) => line.split(' ', 1)[0]).toSorted()).toEqual(['equal', 'failed', 'failed'])
  expect(stdout).toContain(`failed   oci:${scratch.path}/from:0 -> oci:${scratch.path}/to:0: Cannot`)
})
