import { PassThrough } from 'node:stream'

import { expect, test } from 'vitest'

import { streamOutput } from './stream-output.ts'

test('streamOutput() leaves an array to its caller while the stream still holds the bytes', async () => {
  const stream = new PassThrough({ highWaterMark: 100 })
  const output = streamOutput(stream)
  const array = new Uint8Array(2)
  for (const value of [1, 2, 3]) await output.write(array.fill(value))
  await output.finish(6)
  expect(Buffer.concat(await stream.toArray())).toEqual(Buffer.from([1, 1, 2, 2, 3, 3]))
})

test('streamOutput() rejects a write that nobody took before the stream was closed', async () => {
  const stream = new PassThrough({ highWaterMark: 1 })
  const output = streamOutput(stream)
  const writing = output.write(new Uint8Array(10))
  setImmediate(() => stream.destroy())
  await expect(writing).rejects.toThrow('Cannot write the archive: its stream was closed')
  await expect(output.write(new Uint8Array(1))).rejects.toMatchObject({ code: 'ERR_STREAM_DESTROYED' })
})
