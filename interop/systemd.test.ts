import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'

import { run, tempDir, type TempDir } from '@drayage/testkit'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { havePeers } from './peer.ts'

const here = havePeers('systemd-socket-activate', 'systemd-notify', 'docker')

const DRAYD = path.resolve(import.meta.dirname, '../apps/daemon/bin/drayd.js')

/** Receives what `sd_notify` sends, line by line: Node has no datagram sockets on files. */
const RECEIVE = `
use Socket;
$| = 1;
socket(my $socket, PF_UNIX, SOCK_DGRAM, 0) or die;
bind($socket, pack_sockaddr_un($ARGV[0])) or die;
print "bound\\n";
while (1) { my $text; recv($socket, $text, 4096, 0); print "$text\\n" }
`

describe.skipIf(!here)('drayd under systemd', () => {
  let work: TempDir
  const running: ChildProcess[] = []

  beforeEach(async () => {
    work = await tempDir()
  })
  afterEach(async () => {
    for (const child of running.splice(0)) child.kill('SIGKILL')
    await work[Symbol.asyncDispose]()
  })

  const at = (name: string): string => path.join(work.path, name)
  const start = (command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): ChildProcess => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } })
    running.push(child)
    return child
  }
  const textOf = (child: ChildProcess): { text: string } => {
    const said = { text: '' }
    child.stdout?.on('data', (chunk) => (said.text += String(chunk)))
    child.stderr?.on('data', (chunk) => (said.text += String(chunk)))
    return said
  }
  const until = async (said: { readonly text: string }, wanted: string): Promise<void> => {
    while (!said.text.includes(wanted)) await sleep(20)
  }

  test('serves on the socket that systemd has opened, started by the first client', async () => {
    const drayd = [process.execPath, DRAYD, '--host', 'fd://', '--store', at('store')]
    const said = textOf(start('systemd-socket-activate', ['-l', at('s'), ...drayd]))
    await until(said, 'Listening on')
    const env = { DOCKER_HOST: `unix://${at('s')}`, DOCKER_CONFIG: work.path, DOCKER_CONTEXT: undefined }
    const version = await run('docker', ['version', '--format', '{{.Server.APIVersion}}'], { env })
    expect(version.stdout.trim()).toBe('1.57')
    expect(said.text).toContain('"places":["fd://3"]')
  })

  test('notifies systemd when it is ready, reloads and ends', async () => {
    const received = textOf(start('perl', ['-e', RECEIVE, at('notify')]))
    await until(received, 'bound')
    const args = [DRAYD, '--host', `unix://${at('s')}`, '--store', at('store')]
    const drayd = start(process.execPath, args, { NOTIFY_SOCKET: at('notify') })
    await until(received, 'READY=1')
    drayd.kill('SIGHUP')
    await until(received, 'RELOADING=1')
    await until(
      {
        get text() {
          return received.text.split('RELOADING=1')[1] ?? ''
        },
      },
      'READY=1',
    )
    drayd.kill('SIGTERM')
    await once(drayd, 'exit')
    expect(received.text).toContain('STOPPING=1')
  })
})
