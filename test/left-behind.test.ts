// What killed commands leave beside a store, and what the next run of the same command does with it.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readdir } from 'node:fs/promises'
import path from 'node:path'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'

import { buildImage, randomBytes, runOk, tempDir, writeOciLayout } from '@drayage/testkit'

import { program } from './dray-process.ts'

async function namesBelow(directory: string): Promise<string[]> {
  return await readdir(directory, { recursive: true }).catch(() => [])
}

test.each([
  ['save', (out: string) => ['save', '-o', path.join(out, 'a.tar'), 'a'], ['a.tar']],
  ['copy to a layout', (out: string) => ['copy', 'store:a', `oci:${out}/layout:1`], ['layout']],
  ['copy to a directory', (out: string) => ['copy', 'store:a', `dir:${out}/dir`], ['dir']],
] as const)('%s takes away what a killed one left', async (_, words, made) => {
  await using scratch = await tempDir()
  const out = path.join(scratch.path, 'out')
  await mkdir(out)
  const layout = path.join(scratch.path, 'source')
  const image = await buildImage({ layers: [[{ path: 'a', content: randomBytes('a', 60_000_000) }]] })
  await writeOciLayout(layout, image, 'a:latest')
  const args = [program, '--store', path.join(scratch.path, 'store')]
  await runOk(process.execPath, [...args, 'load', '-i', layout])
  const isPartial = (name: string): boolean => name.endsWith('.partial')
  let left: string[] = []
  for (let tries = 0; tries < 20 && !left.some(isPartial); tries++) {
    const child = spawn(process.execPath, [...args, ...words(out)], { stdio: 'ignore' })
    const ended = once(child, 'exit')
    while (child.exitCode === null && !(await namesBelow(out)).some(isPartial)) await sleep(2)
    child.kill('SIGKILL')
    await ended
    left = await namesBelow(out)
  }
  expect(left.some(isPartial)).toBe(true)
  await runOk(process.execPath, [...args, ...words(out)])
  const names = await namesBelow(out)
  expect(names.filter((name) => isPartial(name) || name.includes('.drayage'))).toEqual([])
  expect(names).toEqual(expect.arrayContaining([...made]))
})
