import { basicAuth, createRegistryHandler, localHostOnly, type Allow } from '@drayage/registry-server'
import { serve } from '@drayage/registry-server/node'
import { openRegistryStorage } from '@drayage/runtime'

import type { CommandContext } from '../command-context.ts'
import { UsageError } from '../usage-error.ts'

/** Options of `dray serve`. */
export interface ServeCommandOptions {
  readonly listen: string
  readonly readOnly?: boolean | undefined
}

/** `dray serve [--listen ADDRESS:PORT] [--read-only]`: the store as a registry of this machine, until it is stopped. */
export async function serveCommand(
  { runtime, signal, print }: CommandContext,
  { listen, readOnly = false }: ServeCommandOptions,
): Promise<void> {
  const [host, port] = parseAddress(listen)
  const registry = createRegistryHandler({ storage: await openRegistryStorage(runtime) })
  const handler = readOnly ? basicAuth({ users: new Map(), allow: allowReading })(registry) : registry
  await using server = await serve(localHostOnly(handler), { host, port })
  await print(`Serving on ${server.host}`)
  // It may have been stopped while it started.
  if (!signal.aborted) await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
  await server.close()
  signal.throwIfAborted()
}

const allowReading: Allow = async (_, { type, action }) => action === 'pull' || type === 'registry'

/** Addresses of this machine: there are no users, so no other machine may come. */
const LOOPBACK = /^(127(?:\.\d{1,3}){3}|localhost|\[::1\]):(\d{1,5})$/

function parseAddress(text: string): [string, number] {
  const match = LOOPBACK.exec(text)
  if (match?.[1] === undefined || Number(match[2]) > 65_535) {
    throw new UsageError(
      `Cannot listen on ${JSON.stringify(text)}: expected an address of this machine, such as 127.0.0.1:5000; drayd serves others`,
    )
  }
  return [match[1].replace(/^\[|\]$/g, ''), Number(match[2])]
}
