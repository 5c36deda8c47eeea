import { Buffer } from 'node:buffer'
import path from 'node:path'

import { run, runOk } from '@drayage/testkit'

/** An entry of a tar as Go has it; names are in base64. */
export interface GoEntry {
  readonly typeflag: string
  readonly name: string
  readonly linkname: string
  readonly size: number
  readonly seconds: number
  readonly nanoseconds: number
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly sparse: boolean
  /** SHA-256 in hex; empty where the data cannot be read. */
  readonly data: string
}

/** What Go finds in a tar. */
export interface GoListing {
  readonly entries: readonly GoEntry[]
  /** Whether something that is no entry and no end follows. */
  readonly failed: boolean
}

/** Whether Go is installed. */
export async function hasGo(): Promise<boolean> {
  return (await run('go', ['version']).catch(() => ({ code: 1 }))).code === 0
}

/** Lists tars with `archive/tar`, all in one run of a program that is built in `directory`. */
export async function listWithGo(directory: string, tars: readonly Uint8Array[]): Promise<readonly GoListing[]> {
  const program = path.join(directory, 'list-tars')
  const source = path.join(import.meta.dirname, 'list-tars.go')
  await runOk('go', ['build', '-o', program, source], {
    env: { GOFLAGS: '', GO111MODULE: 'off', GOTOOLCHAIN: 'local' },
  })
  const input = Buffer.concat(tars.flatMap((tar) => [lengthOf(tar), tar]))
  const { stdout } = await runOk(program, [], { input })
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as GoListing)
}

function lengthOf(tar: Uint8Array): Uint8Array {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(tar.byteLength)
  return length
}
