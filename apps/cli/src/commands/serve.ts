import { quote } from '@drayage/bytes'
import { createRegistryHandler, localHostOnly } from '@drayage/registry-server'
import { serve } from '@drayage/registry-server/node'
import { openRegistryStorage } from '@drayage/runtime'

import type { CommandContext } from '../command-context.ts'
import { UsageError } from '../errors.ts'

/** Options of `dray serve`. */
export interface ServeCommandOptions {
  readonly listen: string
  readonly readOnly?: boolean | undefined
  readonly allowAnonymousPush?: boolean | undefined
  readonly sparse?: boolean | undefined
  readonly refuseSchema1?: boolean | undefined
}

/**
 * `dray serve [--listen ADDRESS:PORT] [--read-only | --allow-anonymous-push] [--sparse] [--refuse-schema1]`: serves the
 * store to this machine as a registry until it is stopped. It has no logins, so any account on this machine could push;
 * pushes are refused unless `--allow-anonymous-push` is given.
 */
export async function serveCommand(
  { runtime, signal, print }: CommandContext,
  { listen, readOnly = false, allowAnonymousPush = false, sparse = false, refuseSchema1 = false }: ServeCommandOptions,
): Promise<void> {
  const [host, port] = parseAddress(listen)
  if (readOnly && allowAnonymousPush) {
    throw new UsageError('Cannot serve: --read-only and --allow-anonymous-push exclude each other')
  }
  const registry = createRegistryHandler({
    storage: await openRegistryStorage(runtime),
    readOnly: !allowAnonymousPush,
    sparse,
    schema1: !refuseSchema1,
    // Everyone here may read everything.
    mountsFromAny: true,
  })
  await using server = await serve(localHostOnly(registry), { host, port })
  await print(`Serving on ${server.host}`)
  // It may have been stopped while it was starting.
  if (!signal.aborted) await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
  await server.close()
  signal.throwIfAborted()
}

/** Addresses of this machine: without users, no other machine may connect. */
const LOOPBACK = /^(127(?:\.\d{1,3}){3}|localhost|\[::1\]):(\d{1,5})$/

function parseAddress(text: string): [string, number] {
  const match = LOOPBACK.exec(text)
  if (match?.[1] === undefined || Number(match[2]) > 65_535) {
    throw new UsageError(
      `Cannot listen on ${quote(text)}: expected an address of this machine, such as 127.0.0.1:5000`,
      {
        hint: 'To serve other machines, run drayd, which has users and TLS.',
      },
    )
  }
  return [match[1].replace(/^\[|\]$/g, ''), Number(match[2])]
}
