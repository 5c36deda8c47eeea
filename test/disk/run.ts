// Fills the disk of a store and looks at its images and removes them, with the command and in a running daemon:
//
//   npm run full-disk -- [--step KB] [--most KB] [--sample N] [--seed S]
//
// By default at 0 to 1024 KB free in steps of 4, on file systems of 1 and 4 KiB blocks, and without inodes; --sample takes N
// of these cases. It needs root and loop devices, and says so where there are none. It exits with 1 when something failed.
import process from 'node:process'
import { parseArgs } from 'node:util'

import { randomBytes, tempDir } from '@drayage/testkit'

import { checkFullDisk, type Fullness, makeStoreImage } from './full-disk.ts'
import { whyNoDisks } from './small-disk.ts'

const text = { type: 'string' } as const
const { values } = parseArgs({ options: { step: text, most: text, sample: text, seed: text } })
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31))
const [step, most] = [Number(values.step ?? 4), Number(values.most ?? 1024)]

const BLOCKS = [1024, 4096]

interface Case {
  readonly blockBytes: number
  readonly fullness: Fullness
  readonly isDaemon: boolean
}

function allCases(): Case[] {
  const kilobytes = Array.from({ length: Math.floor(most / step) + 1 }, (_, index) => index * step * 1024)
  const fullness: Fullness[] = [...kilobytes.map((bytes) => ({ bytes })), ...[0, 1, 2, 3].map((inodes) => ({ inodes }))]
  return BLOCKS.flatMap((blockBytes) =>
    fullness.flatMap((each) => [false, true].map((isDaemon) => ({ blockBytes, fullness: each, isDaemon }))),
  )
}

/** `count` of the cases, always those with the least room, and others by the seed. */
function sampleOf(cases: readonly Case[], count: number): Case[] {
  const isLeast = ({ fullness }: Case): boolean => ('bytes' in fullness ? fullness.bytes : fullness.inodes) === 0
  const order = new DataView(randomBytes(seed, cases.length * 4).buffer)
  const others = cases
    .filter((each) => !isLeast(each))
    .map((each, index) => ({ each, at: order.getUint32(index * 4) }))
    .toSorted((one, other) => one.at - other.at)
    .map(({ each }) => each)
  return [...cases.filter(isLeast), ...others].slice(0, count)
}

const reason = await whyNoDisks()
if (reason !== undefined) {
  console.log(`skipped: ${reason}`)
} else {
  await using scratch = await tempDir('drayage-disk-')
  const images = new Map<number, string>()
  for (const blockBytes of BLOCKS) images.set(blockBytes, await makeStoreImage(scratch.path, blockBytes))
  const cases = values.sample === undefined ? allCases() : sampleOf(allCases(), Number(values.sample))
  console.log(`seed ${seed}, ${cases.length} cases`)
  let failed = 0
  for (const { blockBytes, fullness, isDaemon } of cases) {
    const image = images.get(blockBytes) ?? ''
    const faults = await checkFullDisk({ image, directory: scratch.path, fullness, isDaemon })
    if (faults.length === 0) continue
    failed += 1
    const free = 'bytes' in fullness ? `${fullness.bytes / 1024} KB` : `${fullness.inodes} inodes`
    console.log(`\n${isDaemon ? 'drayd' : 'dray'}, blocks of ${blockBytes}, ${free} free\n${faults.join('\n')}`)
  }
  console.log(`\n${cases.length - failed} passed, ${failed} failed`)
  process.exitCode = failed === 0 ? 0 : 1
}
