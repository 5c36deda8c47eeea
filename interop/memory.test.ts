import { buildImage, randomBytes, runOk } from '@drayage/testkit'
import { describe, expect, test } from 'vitest'

import { DRAY } from './dray.ts'
import { havePeers } from './peer.ts'
import { useRegistry } from './registry-fixture.ts'

const here = havePeers('docker-registry', 'skopeo')

const LAYERS = 5
const MEASURE_PEAK = `
import { readFileSync } from 'node:fs'
process.on('exit', () => process.stderr.write('peak ' + /VmHWM:\\\\s+(\\\\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))[1]))
`

describe.skipIf(!here)('the memory of a pull', () => {
  const fixture = useRegistry()

  test('is at most 250 MB for 1 GB and does not grow with the image', async () => {
    const small = await peakOfPull('small', 20_000_000)
    const large = await peakOfPull('large', 200_000_000)
    process.stderr.write(`100 MB: ${small / 1e6} MB, 1 GB: ${large / 1e6} MB\n`)
    expect(large).toBeLessThanOrEqual(250e6)
    expect(large).toBeLessThanOrEqual(small * 1.15)
  })

  /** Pulls an image of five layers that do not compress and gives the peak of resident memory in bytes, the median of three. */
  async function peakOfPull(name: string, layerBytes: number): Promise<number> {
    const image = await buildImage({
      layers: Array.from({ length: LAYERS }, (_, seed) => [
        { path: `data-${seed}`, content: randomBytes(seed + 1, layerBytes) },
      ]),
    })
    const reference = await fixture.push(name, image)
    const [node = '', bin = ''] = DRAY
    const preload = `data:text/javascript,${encodeURIComponent(MEASURE_PEAK.replaceAll('\\\\', '\\'))}`
    const peaks: number[] = []
    for (const run of [1, 2, 3]) {
      const store = fixture.path(`store-${name}-${run}`)
      const { stderr } = await runOk(node, ['--import', preload, bin, '--store', store, 'pull', '-q', reference])
      peaks.push(Number(/peak (\d+)/.exec(stderr)?.[1]) * 1024)
      await runOk('rm', ['-r', store])
    }
    return peaks.toSorted((a, b) => a - b)[1] ?? Number.NaN
  }
})
