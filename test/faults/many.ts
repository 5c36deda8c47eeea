import { rm } from 'node:fs/promises'
import { request } from 'node:http'
import path from 'node:path'

import { buildImage, randomBytes } from '@drayage/testkit'

import { startDrayd } from '../../apps/daemon/src/test/start-drayd.ts'
import { Random } from '../fuzz/random.ts'
import type { FaultKind } from './kind.ts'
import { makePlace, scratchDirectory, startCommand, type Place } from './place.ts'
import { startCountingRegistry } from './registry.ts'
import { prunePlace, readState } from './state.ts'

const PROCESSES = 32
const IMAGES = 8

/** What a command says when another one has just removed what it was to work on. */
const NOT_FOUND = 3

/** Lets 32 processes at a time, beside a daemon, work on one store; `count` commands in all. */
export const crowd: FaultKind = async ({ count, seed, print }) => {
  const faults: string[] = []
  const scratch = await scratchDirectory()
  await using registry = await startCountingRegistry()
  const names = Array.from({ length: IMAGES }, (_, at) => `${registry.host}/app${at}:1`)
  const shared = [{ path: 'base', content: randomBytes(seed, 30_000) }]
  for (const [at, name] of names.entries()) {
    const own = [{ path: 'own', content: randomBytes(seed + at, 20_000) }]
    await registry.publish(name.slice(registry.host.length + 1), await buildImage({ layers: [shared, own] }))
  }
  const place = await makePlace(path.join(scratch, 'place'))
  const socket = path.join(scratch, 'drayd.sock')
  const daemon = await startDrayd(['--host', `unix://${socket}`, '--store', place.store], { HOME: place.directory })
  const dray = async (...args: readonly string[]): Promise<void> => {
    const { code, signal, stderr } = await startCommand(place, args).ended
    if (code !== 0 && code !== NOT_FOUND) faults.push(`dray ${args.join(' ')}: exit ${code ?? signal} ${stderr}`)
  }
  await Promise.all(Array.from({ length: PROCESSES }, (_, at) => dray('pull', '-q', names[at % IMAGES] ?? '')))
  const requests = registry.takeRequests()
  for (const digest of new Set(requests)) {
    const times = requests.filter((each) => each === digest).length
    if (times > 1) faults.push(`${digest} was fetched ${times} times`)
  }
  const random = new Random(seed, 5)
  const work = Array.from({ length: Math.max(0, count - PROCESSES) }, (_, at) => commandOf(random, names, at))
  const worker = async (): Promise<void> => {
    for (let args = work.pop(); args !== undefined; args = work.pop()) {
      if (args[0] === 'drayd') faults.push(...(await pullByDaemon(socket, args[1] ?? '')))
      else await dray(...args)
    }
  }
  await Promise.all(Array.from({ length: PROCESSES }, worker))
  daemon.kill('SIGTERM')
  await daemon.exited
  faults.push(
    ...daemon.lines
      .filter(({ level }) => typeof level === 'number' && level >= 50)
      .map((line) => `drayd: ${JSON.stringify(line)}`),
  )
  faults.push(...(await emptied(place, dray, names)))
  await rm(scratch, { recursive: true })
  for (const fault of faults) print(`FAILED ${fault.trim()}`)
  print(`many: ${count} commands by ${PROCESSES} processes, seed ${seed}, ${faults.length} faults`)
  return { cases: count, missed: 0, failed: faults.length, leftOver: 0 }
}

/** What one of the processes is to do next. */
function commandOf(random: Random, names: readonly string[], at: number): readonly string[] {
  const name = random.pick(names)
  const commands = [
    ...[['pull', '-q', name], ['pull', '-q', name], ['drayd', name], ['rmi', name], ['rmi', name], ['prune']],
    ...[['tag', name, `tag${random.int(4)}:1`], ['rmi', `tag${random.int(4)}:1`], ['images'], ['df']],
    ['save', '-o', `${at}.tar`, name],
  ]
  return random.pick(commands)
}

/** Pulls through the daemon; gives what went wrong. */
async function pullByDaemon(socketPath: string, name: string): Promise<string[]> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const route = `/images/create?fromImage=${encodeURIComponent(name)}`
  const asked = request({ socketPath, method: 'POST', path: route }, (response) => {
    let text = ''
    response.on('data', (chunk) => (text += String(chunk))).on('error', reject)
    response.on('end', () => resolve(text))
  })
  asked.on('error', reject).end()
  const text = await promise.catch(String)
  return text.includes('Status: ') ? [] : [`drayd pulls ${name}: ${text}`]
}

/** What is wrong with a store, and what is left in it once everything was removed. */
async function emptied(
  place: Place,
  dray: (...args: readonly string[]) => Promise<void>,
  names: readonly string[],
): Promise<string[]> {
  const faults = [...(await readState(place)).faults]
  for (const name of [...names, 'tag0:1', 'tag1:1', 'tag2:1', 'tag3:1']) await dray('rmi', name)
  await prunePlace(place)
  const { names: left, images, blobs, files, faults: last } = await readState(place)
  faults.push(...last, ...[...left.keys(), ...images.keys(), ...blobs].map((each) => `left over: ${each}`))
  const isWork = (file: string): boolean => /^store\/(ingest|trash|layers|uploads)\/|\.(partial|tmp)$/.test(file)
  return [...faults, ...[...files.keys()].filter(isWork).map((file) => `left over: ${file}`)]
}
