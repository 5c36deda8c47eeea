import { existsSync, readdirSync, statSync } from 'node:fs'
import { request } from 'node:http'
import path from 'node:path'
import process from 'node:process'

import { buildImage, randomBytes, type RunResult, run, runOk, writeOciLayout } from '@drayage/testkit'

import { startDrayd } from '../../apps/daemon/src/test/start-drayd.ts'
import { program } from '../dray-process.ts'
import { makeDiskImage, mountCopy, mountDisk, type SmallDisk } from './small-disk.ts'

/** How full the disk is: how many bytes are free, or inodes. */
export type Fullness = { readonly bytes: number } | { readonly inodes: number }

/** A disk to fill, with a store that holds the images `a` and `b`. */
export interface FullDiskCase {
  /** The file system in a file. */
  readonly image: string
  /** Where it is mounted and the daemon listens. */
  readonly directory: string
  readonly fullness: Fullness
  /** Whether a daemon that was running before the disk was filled is asked. */
  readonly isDaemon: boolean
}

/** An image that no full disk has room for. */
function bigLayout(directory: string): string {
  return path.join(directory, 'big')
}

/** Makes a file system with such a store in a file below `directory`. */
export async function makeStoreImage(directory: string, blockBytes: number): Promise<string> {
  const image = path.join(directory, `${blockBytes}.img`)
  await makeDiskImage(image, { blockBytes })
  await using disk = await mountDisk(image, path.join(directory, 'made'))
  for (const name of ['a', 'b']) {
    const built = await buildImage({ layers: [[{ path: name, content: randomBytes(name, 300_000) }]] })
    const layout = path.join(directory, `${name}-${blockBytes}`)
    await writeOciLayout(layout, built, `${name}:latest`)
    await runOk(process.execPath, [program, '--store', path.join(disk.path, 'store'), 'load', '-i', layout])
  }
  const big = await buildImage({ layers: [[{ path: 'big', content: randomBytes('big', 4_000_000) }]] })
  await writeOciLayout(bigLayout(directory), big, 'big:latest')
  return image
}

/** Looks at the images of a store on a full disk and removes them; gives what went wrong. */
export async function checkFullDisk(given: FullDiskCase): Promise<string[]> {
  await using disk = await mountCopy(given.image, given.directory)
  return given.isDaemon ? await checkDaemon(disk, given) : await checkCommand(disk, given)
}

/** Bytes that are free or kept for removals. */
function freeOf(disk: SmallDisk): number {
  const reserve = path.join(disk.path, 'store/reserve')
  const sizes = readdirSync(reserve).map((name) => statSync(path.join(reserve, name)).size)
  return sizes.reduce((sum, size) => sum + size, disk.free())
}

function fill(disk: SmallDisk, fullness: Fullness): void {
  if ('bytes' in fullness) disk.leave(fullness.bytes)
  else disk.leaveInodes(fullness.inodes)
}

async function checkCommand(disk: SmallDisk, { directory, fullness }: FullDiskCase): Promise<string[]> {
  const faults: string[] = []
  const dray = async (words: string, isRight: (result: RunResult) => boolean): Promise<void> => {
    const result = await run(process.execPath, [program, '--store', path.join(disk.path, 'store'), ...words.split(' ')])
    if (result.code !== 0 || !isRight(result)) faults.push(`${words}: ${result.code} ${result.stdout}${result.stderr}`)
  }
  fill(disk, fullness)
  await dray('images --format {{.Repository}}', ({ stdout }) => stdout === 'b\na\n' || stdout === 'a\nb\n')
  await dray('inspect a', ({ stdout }) => stdout.includes('sha256:'))
  await dray('df', () => true)
  // It says so before it writes any.
  const big = bigLayout(directory)
  const load = await run(process.execPath, [program, '--store', path.join(disk.path, 'store'), 'load', '-i', big])
  const saysWhy = /: Cannot write ".*store": \S+ (?:files )?are needed for the image, and .* are free\nhint: .*prune/s
  if (load.code !== 6 || !saysWhy.test(load.stderr)) faults.push(`load: ${load.code} ${load.stdout}${load.stderr}`)
  const converted = path.join(directory, 'converted')
  const wanted = ['copy', '--compression', 'zstd', `oci:${big}:big:latest`, `oci:${converted}:big`]
  const copy = await run(process.execPath, [program, '--store', path.join(disk.path, 'store'), ...wanted])
  if (copy.code !== 6 || !saysWhy.test(copy.stderr)) faults.push(`copy: ${copy.code} ${copy.stdout}${copy.stderr}`)
  if (existsSync(converted)) faults.push('copy: began to write')
  const begun = readdirSync(path.join(disk.path, 'store/ingest'))
  if (begun.length > 0) faults.push(`load: left ${begun.join()}`)
  const before = freeOf(disk)
  await dray('rmi a', ({ stdout }) => stdout.includes('Untagged'))
  if (freeOf(disk) <= before) faults.push(`rmi: ${freeOf(disk)} bytes are free, ${before} before`)
  await dray('prune -a', ({ stdout }) => stdout.includes('Deleted'))
  await dray('images -q', ({ stdout }) => stdout === '')
  return faults
}

async function checkDaemon(disk: SmallDisk, { directory, fullness }: FullDiskCase): Promise<string[]> {
  const faults: string[] = []
  const socket = path.join(directory, 'drayd.sock')
  const daemon = await startDrayd(['--host', `unix://${socket}`, '--store', path.join(disk.path, 'store')])
  const ask = async (method: string, place: string, isRight: (text: string) => boolean): Promise<void> => {
    const { status, text } = await send(socket, method, place)
    if (status !== 200 || !isRight(text)) faults.push(`${method} ${place}: ${status} ${text}`)
  }
  try {
    await ask('GET', '/images/json', (text) => text.includes('"a:latest"'))
    fill(disk, fullness)
    await ask('GET', '/images/json', (text) => text.includes('"a:latest"'))
    await ask('GET', '/images/a/json', (text) => text.includes('a:latest'))
    await ask('GET', '/system/df', (text) => text.includes('a:latest'))
    const before = freeOf(disk)
    await ask('DELETE', '/images/a', (text) => text.includes('Untagged'))
    if (freeOf(disk) <= before) faults.push(`DELETE: ${freeOf(disk)} bytes are free, ${before} before`)
    await ask('POST', '/images/prune?filters={"dangling":["false"]}', (text) => text.includes('Deleted'))
    await ask('GET', '/images/json', (text) => text.trim() === '[]')
  } finally {
    daemon.kill('SIGTERM')
    const [code, signal] = await daemon.exited
    if (code !== 0) faults.push(`the daemon ended with ${String(code)} ${String(signal)}`)
  }
  return faults
}

async function send(
  socketPath: string,
  method: string,
  place: string,
): Promise<{ readonly status: number; readonly text: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ readonly status: number; readonly text: string }>()
  const sent = request({ socketPath, method, path: encodeURI(place) }, (response) => {
    let text = ''
    response.on('data', (chunk) => (text += String(chunk)))
    response.on('end', () => resolve({ status: response.statusCode ?? 0, text }))
  })
  sent.on('error', reject).end()
  return await promise
}
