// dray at a registry that refuses requests for a while and says why.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'

import { buildImage, tempDir } from '@drayage/testkit'
import { expect, test } from 'vitest'

import { startLimitedRegistry, WAIT_SECONDS, waitsOf, WORDS } from './limited-registry.ts'

const program = path.resolve(import.meta.dirname, '../apps/cli/bin/dray.js')

test.concurrent.each([
  [429, 'pull', 'plain'],
  [503, 'pull', 'plain'],
  [429, 'pull', 'tty'],
  [429, 'pull', 'json'],
  [429, 'copy', 'plain'],
] as const)(
  'a %i with words: dray %s (%s) tells them at each wait, waits as long as told, and goes on',
  async (status, verb, progress) => {
    await using directory = await tempDir()
    const image = await buildImage({ layers: [[{ path: 'a', content: 'a' }]] })
    await using registry = await startLimitedRegistry(image, status)
    const { reference } = registry
    const from = verb === 'pull' ? [reference] : [`docker://${reference}`, `dir:${path.join(directory.path, 'out')}`]
    const env = { PATH: process.env['PATH'], HOME: directory.path, DOCKER_DEFAULT_PLATFORM: 'linux/amd64' }
    const store = path.join(directory.path, 'store')
    const child = spawn(process.execPath, [program, '--store', store, '--progress', progress, verb, ...from], {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let text = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => {
        const told = text.split(WORDS).length
        text += String(chunk)
        if (text.split(WORDS).length > told) registry.note('told')
      })
    }
    const [code]: unknown[] = await once(child, 'close')
    expect({ code, text }).toMatchObject({ code: 0 })
    const steps = registry.log
      .map(({ what }) => what)
      .filter((what, at, all) => what !== 'told' || all[at - 1] !== 'told')
    expect(steps).toEqual([
      'refused HEAD tag',
      'refused GET tag',
      'told',
      'served tag',
      'refused GET layer',
      'told',
      'served layer',
    ])
    for (const wait of waitsOf(registry)) expect(wait).toBeGreaterThanOrEqual(WAIT_SECONDS * 1000)
  },
)
