import { spawn } from 'node:child_process'
import { once } from 'node:events'
import process from 'node:process'

import { buildImage, findPeer, tempDir } from '@drayage/testkit'
import { describe, expect, test } from 'vitest'

import { startLimitedRegistry, WAIT_SECONDS, waitsOf, WORDS } from '../test/limited-registry.ts'
import { startDrayd } from './drayd.ts'
import { havePeers } from './peer.ts'

describe.skipIf(!havePeers('docker'))('docker through drayd at a registry that refuses requests for a while', () => {
  test.each([429, 503] as const)(
    'tells the words of a %i at each wait, waits as long as told, and goes on',
    async (status) => {
      await using directory = await tempDir()
      const image = await buildImage({ layers: [[{ path: 'a', content: 'a' }]] })
      await using registry = await startLimitedRegistry(image, status)
      await using drayd = await startDrayd(directory.path)
      const env = { ...process.env, DOCKER_HOST: `unix://${drayd.socket}`, DOCKER_CONFIG: directory.path }
      const args = ['pull', '--platform', 'linux/amd64', registry.reference]
      const child = spawn(findPeer('docker') ?? 'docker', args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
      let text = ''
      const toldMs: number[] = []
      for (const stream of [child.stdout, child.stderr]) {
        stream.on('data', (chunk) => {
          const told = text.split(WORDS).length
          text += String(chunk)
          if (text.split(WORDS).length === told || registry.log.at(-1)?.what === 'told') return
          toldMs.push(performance.now() - (registry.log.at(-1)?.atMs ?? 0))
          registry.note('told')
        })
      }
      const [code]: unknown[] = await once(child, 'close')
      expect({ code, text }).toMatchObject({ code: 0 })
      expect(registry.log.map(({ what }) => what)).toEqual([
        'refused HEAD tag',
        'refused GET tag',
        'told',
        'served tag',
        'refused GET layer',
        'told',
        'served layer',
      ])
      for (const wait of waitsOf(registry)) expect(wait).toBeGreaterThanOrEqual(WAIT_SECONDS * 1000)
      process.stderr.write(
        `docker pull tells the words of a ${status} after ${toldMs.map(Math.round).join(' and ')} ms\n`,
      )
      expect((await drayd.docker(['image', 'inspect', registry.reference])).code).toBe(0)
    },
  )
})
