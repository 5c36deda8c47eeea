import { createHash } from 'node:crypto'
import os from 'node:os'
import process from 'node:process'

import { Command, CommanderError } from '@commander-js/extra-typings'
import { createEngineApi } from '@drayage/engine-api'
import { createRuntime } from '@drayage/runtime'

import { listenOn } from './listen.ts'
import { readVersion } from './version.ts'

/** Runs the daemon until it is told to end; resolves to its exit code. */
export async function main(args: readonly string[]): Promise<number> {
  const program = new Command('drayd')
    .description('The image part of Docker Engine: one daemon for the docker command and all clients of its API')
    .version(readVersion(), '-v, --version', 'print the version')
    .option('--host <url>', 'where to listen', 'unix:///run/drayd.sock')
    .option('--store <dir>', 'directory of the store (default: $DRAYAGE_STORE, else the data directory of the user)')
    .exitOverride()
  try {
    const { host, store } = program.parse(args, { from: 'user' }).opts()
    await run(host, store)
    return 0
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    process.stderr.write(`drayd: ${error instanceof Error ? error.message : String(error)}\n`)
    return 1
  }
}

async function run(host: string, store: string | undefined): Promise<void> {
  await using runtime = await createRuntime(store === undefined ? {} : { storeDirectory: store })
  await runtime.openStore()
  const id = createHash('sha256').update(runtime.storeDirectory).digest('hex')
  const handler = createEngineApi({
    runtime,
    facts: { version: readVersion(), hostName: os.hostname(), id },
    onError: (error) => process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`),
  })
  await using listener = await listenOn(host, handler)
  process.stderr.write(`drayd: listening on ${host}\n`)
  await ended()
  await listener.close()
}

async function ended(): Promise<void> {
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve())
  })
}
