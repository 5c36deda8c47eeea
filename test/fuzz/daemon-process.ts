import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { symlink } from 'node:fs/promises'
import path from 'node:path'
import process from 'node:process'
import { createInterface } from 'node:readline'

import type { Place } from './send.ts'

const DRAYD = path.resolve(import.meta.dirname, '../../apps/daemon/bin/drayd.js')

/** A daemon under test. */
export interface DaemonProcess {
  readonly name: string
  readonly pid: number
  /** In the order of its arguments: Engine API, registry, admin. */
  readonly places: readonly Place[]
  /** How it ended; `undefined` while it runs. */
  ended(): string | undefined
  /** Asks it to end; resolves to how it ended. */
  stop(): Promise<string>
}

/** Options of {@link startDaemonProcess}. */
export interface DaemonProcessOptions {
  readonly name: string
  readonly directory: string
  readonly args: readonly string[]
  readonly onLine: (line: string) => void
}

/** Starts a `drayd` that is confined to `directory`, and waits until it listens. Its log is `NAME.log` there. */
export async function startDaemonProcess(options: DaemonProcessOptions): Promise<DaemonProcess> {
  const { name, directory, args, onLine } = options
  const nowhere = 'http://127.0.0.1:1'
  const env = {
    PATH: process.env['PATH'],
    HOME: directory,
    XDG_CONFIG_HOME: path.join(directory, 'config'),
    // Nothing leaves this machine.
    ...{ HTTP_PROXY: nowhere, HTTPS_PROXY: nowhere, NO_PROXY: '127.0.0.1,localhost' },
  }
  // Under another name, so that a `pkill drayd` does not end a run of hours.
  const program = path.join(directory, `${name}.js`)
  await symlink(DRAYD, program)
  const child = spawn(process.execPath, [program, '--log-level', 'debug', ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env,
  })
  const exited = once(child, 'exit')
  const atExit = (): void => void child.kill('SIGKILL')
  process.on('exit', atExit)
  const log = createWriteStream(path.join(directory, `${name}.log`), { flags: 'a' })
  let end: string | undefined
  void exited.then(([code, signal]) => {
    process.off('exit', atExit)
    log.end()
    end = `exit status ${String(code)}, signal ${String(signal)}`
  })
  const places = await new Promise<readonly string[]>((resolve, reject) => {
    void exited.then(() => reject(new Error(`Cannot start ${name}: found its end, expected it to listen`)))
    createInterface({ input: child.stderr }).on('line', (line) => {
      if (!log.writableEnded) log.write(`${line}\n`)
      const found = /"places":(\[[^\]]*\])/.exec(line)?.[1]
      if (found !== undefined) resolve(String(JSON.parse(found)).split(','))
      onLine(line)
    })
  })
  return {
    name,
    pid: child.pid ?? 0,
    places: places.map((place) => toPlace(name, place)),
    ended: () => end,
    async stop() {
      child.kill('SIGTERM')
      await exited
      return end ?? ''
    },
  }
}

function toPlace(name: string, place: string): Place {
  if (place.startsWith('unix://')) {
    const file = place.slice('unix://'.length)
    return { name: `${name} ${path.basename(file)}`, address: { path: file }, host: 'localhost' }
  }
  const host = place.slice('tcp://'.length)
  const port = Number(host.slice(host.lastIndexOf(':') + 1))
  return { name: `${name} ${port}`, address: { host: '127.0.0.1', port }, host }
}
