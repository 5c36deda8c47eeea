import { equalBytes } from '@drayage/bytes'

/** Rejects `found`. */
export function fail(what: string, found: unknown, wanted: unknown): never {
  throw new Error(`Cannot accept ${what}: found ${String(found)}, expected ${String(wanted)}`)
}

/** Rejects anything but `wanted` itself. */
export function expectSame(what: string, found: unknown, wanted: unknown): void {
  if (!Object.is(found, wanted)) fail(what, found, wanted)
}

/** Rejects other bytes than `wanted`. */
export function expectBytes(what: string, found: Uint8Array, wanted: Uint8Array): void {
  if (!equalBytes(found, wanted)) fail(what, `${found.byteLength} other bytes`, `${wanted.byteLength} bytes`)
}

/** Rejects anything but a rejection with an error of this code. */
export async function expectCode(what: string, work: Promise<unknown>, code: string): Promise<void> {
  const error = await rejection(what, work)
  const found = error instanceof Error && 'code' in error ? error.code : error
  if (found !== code) fail(what, found, code)
}

/** Rejects anything but a rejection with `reason` itself. */
export async function expectReason(what: string, work: Promise<unknown>, reason: unknown): Promise<void> {
  expectSame(what, await rejection(what, work), reason)
}

/** Rejects anything but a RangeError. */
export async function expectRangeError(what: string, work: Promise<unknown>): Promise<void> {
  const error = await rejection(what, work)
  if (!(error instanceof RangeError)) fail(what, error, 'a RangeError')
}

async function rejection(what: string, work: Promise<unknown>): Promise<unknown> {
  let value: unknown
  try {
    value = await work
  } catch (error) {
    return error
  }
  return fail(what, `the value ${String(value)}`, 'a rejection')
}
