import { buildImage, randomBytes, runOk, startDockerRegistry } from '@drayage/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { drayOk } from './dray.ts'
import { peakOf } from './peak-memory.ts'
import { havePeers } from './peer.ts'
import { useRegistry } from './registry-fixture.ts'

const here = havePeers('docker-registry', 'skopeo')

const LAYERS = 5
const SIZES = { small: 20_000_000, large: 200_000_000 } as const
const MOST_BYTES = 250e6
/** How much more a longer run may take: buffers that wait for the garbage collector, which a short run never reaches. */
const MOST_GROWTH = 50e6
type Size = keyof typeof SIZES

/** A command that handles a whole image, and its preparation. */
interface Command {
  /** The arguments of `dray`. */
  readonly args: (size: Size, target: string) => readonly string[]
  readonly before?: (size: Size, target: string) => Promise<unknown>
}

describe.skipIf(!here)('the memory of an image of 1 GB', () => {
  const fixture = useRegistry()
  const source = (size: Size): string => `${fixture.registry.host}/${size}:latest`
  const store = (size: Size): string => fixture.path(`store-${size}`)
  const archive = (size: Size): string => fixture.path(`archive-${size}.tar`)

  beforeAll(async () => {
    for (const [name, layerBytes] of Object.entries(SIZES)) {
      const layers = Array.from({ length: LAYERS }, (_, seed) => [
        { path: `data-${seed}`, content: randomBytes(seed + 1, layerBytes) },
      ])
      await fixture.push(name, await buildImage({ layers }))
    }
  })
  afterAll(async () => {
    for (const size of ['small', 'large'] as const) await runOk('rm', ['-rf', store(size), archive(size)])
  })

  test('is at most 250 MB in a pull, and within 15 % of that of 100 MB', async () => {
    const medianOfThree = async (size: Size): Promise<number> => {
      const peaks: number[] = []
      for (let run = 0; run < 3; run += 1) {
        await runOk('rm', ['-rf', store(size)])
        peaks.push(await peakOf(['--store', store(size), 'pull', '-q', source(size)]))
      }
      return peaks.toSorted((a, b) => a - b)[1] ?? Number.NaN
    }
    const small = await medianOfThree('small')
    const large = await medianOfThree('large')
    report('pull', small, large)
    expect(large).toBeLessThanOrEqual(MOST_BYTES)
    expect(large).toBeLessThanOrEqual(small * 1.15)
  })

  /** In this order: a push and a save take the store of the pull, a load the archive of the save. */
  const commands: Readonly<Record<string, Command>> = {
    push: {
      before: (size, target) => drayOk(store(size), 'tag', source(size), target),
      args: (size, target) => ['--store', store(size), 'push', '-q', target],
    },
    'copy to a registry': { args: (size, target) => ['copy', '-q', source(size), `docker://${target}`] },
    'copy to a docker-archive': {
      args: (size) => ['copy', '-q', source(size), `docker-archive:${fixture.path(`copy-${size}.tar`)}`],
    },
    save: { args: (size) => ['--store', store(size), 'save', '-o', archive(size), source(size)] },
    load: { args: (size) => ['--store', fixture.path(`loaded-${size}`), 'load', '-q', '-i', archive(size)] },
  }
  test.each(Object.entries(commands))(
    'is at most 250 MB in a %s, and at most 50 MB more than that of 100 MB',
    async (name, command) => {
      const peak = async (size: Size): Promise<number> => {
        // A new registry: one that already has the layers would receive none.
        await using target = await startDockerRegistry({ directory: fixture.path(`target-${size}`) })
        const reference = `${target.host}/target:latest`
        await command.before?.(size, reference)
        const bytes = await peakOf(command.args(size, reference))
        for (const place of [`target-${size}`, `copy-${size}.tar`, `loaded-${size}`]) {
          await runOk('rm', ['-rf', fixture.path(place)])
        }
        return bytes
      }
      const small = await peak('small')
      const large = await peak('large')
      report(name, small, large)
      expect(large).toBeLessThanOrEqual(MOST_BYTES)
      expect(large).toBeLessThanOrEqual(small + MOST_GROWTH)
    },
  )
})

function report(name: string, small: number, large: number): void {
  process.stderr.write(`${name}, 100 MB: ${small / 1e6} MB, 1 GB: ${large / 1e6} MB\n`)
}
