import { fromBytes, type ByteStream } from '@drayage/bytes'
import { digestOf } from '@drayage/digest'
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterEach, expect, test, vi } from 'vitest'

import type { OddJobs } from '../test/odd-worker.ts'
import { COMPRESSION_ERROR_TYPES } from '../errors.ts'
import { CompressedDataError } from '../errors.ts'
import { createWorkerPool, type WorkerPool } from './worker-pool.ts'

const url = new URL('../test/odd-worker.ts', import.meta.url)
const pools: WorkerPool<OddJobs>[] = []

function pool(size: number): WorkerPool<OddJobs> {
  const made = createWorkerPool<OddJobs>({ url, size, errorTypes: COMPRESSION_ERROR_TYPES })
  pools.push(made)
  return made
}

afterEach(async () => {
  for (const made of pools.splice(0)) await made[Symbol.asyncDispose]()
})

async function* endless(): ByteStream {
  for (;;) {
    yield new Uint8Array(1000)
    await new Promise((resolve) => setImmediate(resolve))
  }
}

test('WorkerPool.run() gives a job all bytes in few blocks and leaves the caller its own', async () => {
  const bytes = new Uint8Array(3_000_000).map((_, index) => index * 7)
  async function* source(): ByteStream {
    for (let offset = 0; offset < bytes.byteLength; offset += 10_000) yield bytes.subarray(offset, offset + 10_000)
  }
  const { digest, blocks } = await pool(1).run('digest', source(), undefined)
  expect(digest).toBe(digestOf(bytes))
  expect(blocks).toBeLessThan(300)
  expect(bytes.byteLength).toBe(3_000_000)
})

test('WorkerPool.run() takes whole blocks that are given away without copying them', async () => {
  const bytes = new Uint8Array(3 * 262_144 + 1000).map((_, index) => index * 13)
  const blocks = [0, 1, 2, 3].map((block) => bytes.slice(block * 262_144, (block + 1) * 262_144))
  const kept = bytes.slice(0, 262_144)
  const { digest } = await pool(1).run('digest', fromBytes(...blocks), undefined, { ownsInput: true })
  expect(digest).toBe(digestOf(bytes))
  expect(blocks.slice(0, 3).map((block) => block.byteLength)).toEqual([0, 0, 0])
  await pool(1).run('digest', fromBytes(kept), undefined)
  expect(kept.byteLength).toBe(262_144)
})

test('WorkerPool.run() sends a slow source on without waiting for a full block', async () => {
  const release = Promise.withResolvers<void>()
  async function* source(): ByteStream {
    yield new Uint8Array(10)
    await release.promise
  }
  expect(await pool(1).run('peekOne', source(), undefined)).toBe(10)
  release.resolve()
})

test('WorkerPool.run() takes jobs without input and reuses its thread', async () => {
  const one = pool(1)
  const first = await one.run('threadId', undefined, undefined)
  expect(await one.run('threadId', undefined, undefined)).toBe(first)
})

test('WorkerPool.run() closes a source that its job does not read to the end', async () => {
  let closed = false
  async function* source(): ByteStream {
    try {
      yield* endless()
    } finally {
      closed = true
    }
  }
  await pool(1).run('peekOne', source(), undefined)
  await expect.poll(() => closed).toBe(true)
})

test('WorkerPool.run() holds a source back while its job takes nothing', async () => {
  const gate = Promise.withResolvers<void>()
  let read = 0
  async function* source(): ByteStream {
    for (let index = 0; index < 100; index++) {
      read += 1
      yield new Uint8Array(256 * 1024)
    }
  }
  const one = pool(1)
  const busy = one.run('pours', undefined, { chunks: 1 }, { onOutput: () => gate.promise })
  const queued = one.run('digest', source(), undefined)
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(read).toBe(0)
  gate.resolve()
  await busy
  expect((await queued).blocks).toBe(100)
})

test('WorkerPool.run() awaits each output before the next, and all of them before the result', async () => {
  const seen: number[] = []
  let active = 0
  const onOutput = async (chunk: Uint8Array): Promise<void> => {
    active += 1
    expect(active).toBe(1)
    await new Promise((resolve) => setImmediate(resolve))
    active -= 1
    seen.push(chunk[0] ?? -1)
  }
  await pool(1).run('pours', undefined, { chunks: 20 }, { onOutput })
  expect(seen).toEqual(Array.from({ length: 20 }, (_, index) => index))
})

test('WorkerPool.run() rejects with errors of their class, with fields and cause', async () => {
  const error = await pool(1)
    .run('fails', undefined, undefined)
    .catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(CompressedDataError)
  expect(error).toMatchObject({
    name: 'CompressedDataError',
    code: 'ERR_COMPRESSED_DATA',
    fault: 'corrupt',
    cause: { message: 'why' },
  })
})

test('WorkerPool.run() rejects with the very error of its source and of its consumer', async () => {
  const failure = new Error('mine')
  async function* source(): ByteStream {
    yield new Uint8Array(1)
    throw failure
  }
  const one = pool(1)
  await expect(one.run('digest', source(), undefined)).rejects.toBe(failure)
  const onOutput = (): never => {
    throw failure
  }
  await expect(one.run('pours', undefined, { chunks: 20 }, { onOutput })).rejects.toBe(failure)
  expect(await one.run('pours', undefined, { chunks: 2 })).toBe(2)
})

test('WorkerPool.run() rejects with the reason of an abort at once and keeps its thread', async () => {
  const one = pool(1)
  const thread = await one.run('threadId', undefined, undefined)
  const controller = new AbortController()
  const running = one.run('digest', endless(), undefined, { signal: controller.signal })
  const queued = one.run('digest', endless(), undefined, { signal: controller.signal })
  setTimeout(() => controller.abort('stop'), 5)
  await expect(running).rejects.toBe('stop')
  await expect(queued).rejects.toBe('stop')
  await expect(one.run('threadId', undefined, undefined, { signal: controller.signal })).rejects.toBe('stop')
  expect(await one.run('threadId', undefined, undefined)).toBe(thread)
})

test.each([
  ['exits', /exit code 7/],
  ['throwsLate', /outside of the job/],
] as const)('WorkerPool.run() rejects when a thread %s, and continues with another', async (job, message) => {
  const one = pool(1)
  const error = await one.run(job, endless(), undefined).catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({
    name: 'WorkerCrashedError',
    code: 'ERR_WORKER_CRASHED',
    job,
    message: expect.stringMatching(message),
  })
  expect(await one.run('pours', undefined, { chunks: 1 })).toBe(1)
})

test('WorkerPool ends a thread that has had no job for a while, and starts another for the next one', async () => {
  const short = createWorkerPool<OddJobs>({ url, size: 2, idleMs: 20 })
  pools.push(short)
  const thread = await short.run('threadId', undefined, undefined)
  const ended = async (): Promise<void> => expect(await short.run('threadId', undefined, undefined)).not.toBe(thread)
  await vi.waitFor(ended, { interval: 100, timeout: 120_000 })
})

test('WorkerPool.run() rejects when a job keeps more than its thread may have, and continues with another', async () => {
  const one = pool(1)
  const error = await one.run('keeps', undefined, undefined).catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({ code: 'ERR_WORKER_CRASHED', doubtful: true, message: /memory limit/ })
  expect(await one.run('pours', undefined, { chunks: 1 })).toBe(1)
})

test('WorkerPool.run() rejects when its module cannot be loaded', async () => {
  const broken = createWorkerPool<OddJobs>({ url: new URL('../no-such-worker.ts', import.meta.url), size: 1 })
  for (let turn = 0; turn < 3; turn++) {
    await expect(broken.run('threadId', undefined, undefined)).rejects.toMatchObject({ code: 'ERR_WORKER_CRASHED' })
  }
})

test('WorkerPool disposes of running and queued jobs and takes no more', async () => {
  const one = pool(1)
  const running = one.run('digest', endless(), undefined)
  const queued = one.run('digest', endless(), undefined)
  const outcomes = Promise.allSettled([running, queued])
  await one[Symbol.asyncDispose]()
  for (const outcome of await outcomes) expect(outcome).toMatchObject({ reason: { code: 'ERR_WORKER_POOL_CLOSED' } })
  await expect(one.run('threadId', undefined, undefined)).rejects.toMatchObject({ code: 'ERR_WORKER_POOL_CLOSED' })
})

test('createWorkerPool() refuses a size of 0', () => {
  expect(() => createWorkerPool({ url, size: 0 })).toThrow(RangeError)
})

test('WorkerPool lets a program end that forgot to dispose of it', async () => {
  const module = new URL('./worker-pool.ts', import.meta.url).href
  const script = `
    const { createWorkerPool } = await import(${JSON.stringify(module)})
    const pool = createWorkerPool({ url: new URL(${JSON.stringify(url.href)}), size: 2 })
    console.log(await pool.run('pours', undefined, { chunks: 3 }))`
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script])
  expect(stdout).toBe('3\n')
})

test('WorkerPool reads a source once, even an empty one', async () => {
  expect(await pool(1).run('digest', fromBytes(), undefined)).toEqual({ digest: digestOf(''), blocks: 0 })
})

test('a thread of a WorkerPool frees what its jobs left, also in its old generation', async () => {
  const one = pool(1)
  const used: number[] = []
  for (let run = 0; run < 20; run++) used.push(await one.run('litters', undefined, undefined))
  const [first = 0] = used
  expect(Math.max(...used)).toBeLessThan(first + 10 * 1024 * 1024)
})
