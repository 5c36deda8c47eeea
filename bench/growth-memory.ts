// Measures how the memory of drayd and dray grows with the entries of a layer, and over time:
//
//   node bench/growth-memory.ts [--entries N,N,…] [--pulls N]
//
// For each number of entries an image is pulled into a running drayd and removed, over and over, and pulled by dray.
// The registry is Debian's docker-registry on loopback.
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'

import type { ByteStream } from '@drayage/bytes'
import { runOk, startDockerRegistry, tempDir } from '@drayage/testkit'

import { DRAY } from '../interop/dray.ts'
import { startDrayd } from '../interop/drayd.ts'
import { engineClient, type EngineClient } from '../interop/engine-client.ts'
import { tarOfEntries } from '../interop/tar-of-entries.ts'
import { measure, processCost } from './measure.ts'

/** The pull after which the memory of a daemon should stay as it is. */
const SETTLED = 5

const { values } = parseArgs({
  options: { entries: { type: 'string', default: '10,400000,1600000' }, pulls: { type: 'string', default: '40' } },
})
await using work = await tempDir()
await using registry = await startDockerRegistry({ directory: path.join(work.path, 'registry') })
for (const entries of values.entries.split(',').map(Number)) {
  const reference = await pushImage(entries)
  const pulled = await measure(dray('pulled', 'pull', '-q', reference), process.env)
  await runOk('rm', ['-rf', path.join(work.path, 'pulled')])
  const { peakBytes, cpuSeconds } = pulled
  console.log(`${entries} entries, dray pull: ${mega(peakBytes)} MB at most, ${cpuSeconds.toFixed(2)} s of CPU`)
  await pullOften(entries, reference, Number(values.pulls))
}

/** Makes an image with that many empty files, without having it in memory, and pushes it. */
async function pushImage(entries: number): Promise<string> {
  const repository = `${registry.host}/entries-${entries}`
  await using drayd = await startDrayd(work.path)
  const client = engineClient(drayd.socket)
  const tar = tarOfEntries(entries)
  await ask(client, 'POST', `/images/create?fromSrc=-&repo=${encodeURIComponent(repository)}&tag=latest`, tar)
  await ask(client, 'POST', `/images/${repository}/push?tag=latest`)
  await ask(client, 'DELETE', `/images/${repository}:latest?force=1`)
  return `${repository}:latest`
}

async function pullOften(entries: number, reference: string, pulls: number): Promise<void> {
  await using drayd = await startDrayd(work.path)
  const client = engineClient(drayd.socket)
  const { pid } = drayd
  const resident: number[] = []
  const before = processCost(pid)
  for (let pull = 1; pull <= pulls; pull += 1) {
    await ask(client, 'POST', `/images/create?fromImage=${encodeURIComponent(reference)}`)
    await ask(client, 'DELETE', `/images/${reference}?force=1`)
    resident.push(await residentBytes(pid))
  }
  const { cpuSeconds, peakBytes } = processCost(pid)
  const later = resident.slice(SETTLED)
  const growth = Math.max(...later) / Math.max(...resident.slice(0, SETTLED))
  console.log(`${entries} entries, drayd after each of ${pulls} pulls: ${resident.map(mega).join(' ')} MB`)
  console.log(
    `  ${mega(peakBytes)} MB at most, after the fifth ${growth.toFixed(2)} times that before, ` +
      `${((cpuSeconds - before.cpuSeconds) / pulls).toFixed(2)} s of CPU a pull`,
  )
}

async function ask(client: EngineClient, method: string, question: string, body?: ByteStream): Promise<void> {
  const { status, text } = await client.ask(method, question, body === undefined ? {} : { body })
  if (status !== 200 || text.includes('errorDetail'))
    throw new Error(`Cannot ${method} ${question}: ${text.slice(-300)}`)
}

function dray(store: string, ...args: string[]): string[] {
  return [...DRAY, '--store', path.join(work.path, store), ...args]
}

async function residentBytes(pid: number): Promise<number> {
  return Number(/VmRSS:\s+(\d+) kB/.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024
}

function mega(bytes: number): number {
  return Math.round(bytes / 1e6)
}
