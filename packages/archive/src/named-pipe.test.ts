import { execFileSync } from 'node:child_process'
import { createReadStream } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { buffer } from 'node:stream/consumers'

import { writeBlob } from '@drayage/content'
import { buildImage, tempDir, type TempDir } from '@drayage/testkit'
import { afterEach, beforeEach, expect, test } from 'vitest'

import { createOciArchiveSink, openArchive, openFileOutput, openOciArchive } from './index.ts'

let directory: TempDir
let pipe: string

beforeEach(async () => {
  directory = await tempDir()
  pipe = path.join(directory.path, 'pipe')
  execFileSync('mkfifo', [pipe])
})
afterEach(async () => await directory[Symbol.asyncDispose]())

const stopSoon = (): AbortSignal => AbortSignal.timeout(100)

test('openFileOutput() stops waiting for the reader of a pipe with its signal', async () => {
  await expect(openFileOutput(pipe, { signal: stopSoon() })).rejects.toMatchObject({ name: 'TimeoutError' })
  await expect(openFileOutput(pipe, { signal: AbortSignal.abort(new Error('no')) })).rejects.toThrow('no')
})

test('openArchive() stops waiting for the writer of a pipe with its signal', async () => {
  await expect(openArchive(pipe, { signal: stopSoon() })).rejects.toMatchObject({ name: 'TimeoutError' })
})

test('a write into a pipe that nobody empties ends with its signal', async () => {
  const opening = openFileOutput(pipe, { signal: stopSoon() })
  const reader = createReadStream(pipe)
  const output = await opening
  if ('writeAt' in output) throw new TypeError('Cannot test: found a file, expected a pipe')
  const full = async (): Promise<void> => {
    for (;;) await output.write(new Uint8Array(1_000_000))
  }
  await expect(full()).rejects.toMatchObject({ name: 'TimeoutError' })
  await output.discard()
  reader.destroy()
})

test('an archive goes whole through a pipe, and is read from one', async () => {
  const image = await buildImage()
  const fill = async (file: string): Promise<void> => {
    await using sink = createOciArchiveSink(await openFileOutput(file))
    for (const [digest, bytes] of image.blobs) {
      const mediaType = digest === image.manifest.digest ? image.manifest.mediaType : 'layer'
      await writeBlob(sink, { mediaType, digest, size: bytes.byteLength }, bytes)
    }
    await sink.put(image.manifest, '1')
    await sink.finish()
  }
  const [bytes] = await Promise.all([buffer(createReadStream(pipe)), fill(pipe)])
  await fill(path.join(directory.path, 'file'))
  const writing = writeFile(pipe, bytes)
  await using archive = await openOciArchive(pipe)
  await writing
  expect((await archive.entries()).map(({ digest }) => digest)).toEqual([image.manifest.digest])
})
