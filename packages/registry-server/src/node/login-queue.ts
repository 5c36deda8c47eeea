import { AsyncLocalStorage } from 'node:async_hooks'

import { createLruMap } from '@drayage/bytes'
import { setTimeout as sleep } from 'node:timers/promises'

import { RequestRefusedError } from '../handler/refusal.ts'

/** How many checks may wait: for one user of one address, for one address, and in all. */
const MOST_WAITING = { login: 4, address: 32, all: 128 } as const

/** How long the answer to a wrong login takes, in milliseconds: twice as long each time, for one user of one address. */
const SHORTEST_DELAY_MS = 50
const LONGEST_DELAY_MS = 3200

/** The most users of addresses whose wrong logins are counted. */
const MAX_COUNTED = 10_000

const addresses = new AsyncLocalStorage<string>()

/** Runs `work` on behalf of a client with this address; that of a socket that is a file is empty. */
export function forClient<T>(address: string, work: () => T): T {
  return addresses.run(address, work)
}

/** The address of the client whose request is being answered; empty outside of requests. */
export function clientAddress(): string {
  return addresses.getStore() ?? ''
}

/** Who asks. */
export interface Asker {
  readonly address: string
  readonly username: string
}

/** Runs checks of passwords one at a time, in turn for each address, so that many of one hold up no other. */
export interface LoginQueue {
  /**
   * The result of `check`; what is wrong is told with a delay.
   *
   * @throws RequestRefusedError `ERR_REQUEST_REFUSED`, status 429, when too many wait
   */
  run(asker: Asker, check: () => Promise<boolean>): Promise<boolean>
}

/** Creates a queue in which nothing waits. */
export function createLoginQueue(): LoginQueue {
  const lanes = new Map<string, (() => Promise<void>)[]>()
  const waiting = new Map<string, number>()
  const failures = createLruMap<string, number>({ maxEntries: MAX_COUNTED })
  let isRunning = false

  const count = (key: string, step: number): void => {
    const value = (waiting.get(key) ?? 0) + step
    if (value === 0) waiting.delete(key)
    else waiting.set(key, value)
  }
  const work = async (): Promise<void> => {
    if (isRunning) return
    isRunning = true
    for (let [lane] = lanes; lane !== undefined; [lane] = lanes) {
      const [address, checks] = lane
      lanes.delete(address)
      const check = checks.shift()
      // Behind the others.
      if (checks.length > 0) lanes.set(address, checks)
      await check?.()
    }
    isRunning = false
  }
  const inTurn = async (address: string, check: () => Promise<boolean>): Promise<boolean> => {
    const { promise, resolve, reject } = Promise.withResolvers<boolean>()
    lanes.set(address, [...(lanes.get(address) ?? []), () => check().then(resolve, reject)])
    void work()
    return await promise
  }

  return {
    async run({ address, username }, check) {
      const login = JSON.stringify([address, username])
      const keys = { login: `login ${login}`, address: `address ${address}`, all: 'all' } as const
      for (const kind of ['login', 'address', 'all'] as const) {
        if ((waiting.get(keys[kind]) ?? 0) >= MOST_WAITING[kind]) throw tooMany()
      }
      for (const key of Object.values(keys)) count(key, 1)
      try {
        const isRight = await inTurn(address, check)
        if (isRight) failures.delete(login)
        else await delay(login, failures)
        return isRight
      } finally {
        for (const key of Object.values(keys)) count(key, -1)
      }
    },
  }
}

async function delay(login: string, failures: ReturnType<typeof createLruMap<string, number>>): Promise<void> {
  const before = failures.get(login) ?? 0
  failures.set(login, before + 1)
  await sleep(Math.min(SHORTEST_DELAY_MS * 2 ** Math.min(before, 10), LONGEST_DELAY_MS))
}

function tooMany(): RequestRefusedError {
  return new RequestRefusedError({
    status: 429,
    specCode: 'TOOMANYREQUESTS',
    message: 'too many logins are being checked',
    headers: { 'retry-after': '1' },
  })
}
