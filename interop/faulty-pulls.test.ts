import process from 'node:process'

import { tempDir } from '@drayage/testkit'
import { describe, expect, test } from 'vitest'

import { pullSoak } from './faulty/pull-soak.ts'
import { medianExcess, summarise } from './faulty/summary.ts'
import { havePeers } from './peer.ts'

const here = havePeers('docker-registry', 'skopeo', 'umoci', 'buildah', 'docker')

/** A longer run is `npm run faulty`; `DRAYAGE_FAULTY_SEED` repeats one. */
const PULLS = 60
const SEED = Number(process.env['DRAYAGE_FAULTY_SEED'] ?? Date.now() % 1_000_000)

describe.skipIf(!here)('pulls of real images through a proxy', () => {
  test(`that faults one answer in five: of ${PULLS} none is lost, none is wrong, and little comes twice (seed ${SEED})`, async () => {
    await using directory = await tempDir()
    const print = (line: string): void => void process.stderr.write(`${line}\n`)
    const outcomes = await pullSoak({ pulls: PULLS, seed: SEED, directory: directory.path, print })
    for (const line of summarise(outcomes)) print(line)
    expect(outcomes.filter(({ isLost }) => isLost)).toEqual([])
    expect(outcomes.filter(({ wrong }) => wrong.length > 0)).toEqual([])
    expect(medianExcess(outcomes)).toBeLessThan(0.05)
    // Few need a second run by the user.
    expect(outcomes.filter(({ failures }) => failures.length > 0).length).toBeLessThan(PULLS / 10)
    const [answers, faults] = [outcomes.map((each) => each.answers), outcomes.map((each) => each.faults.length)]
    const [total, faulted] = [answers, faults].map((counts) => counts.reduce((sum, each) => sum + each, 0))
    // Otherwise the run shows little.
    expect((faulted ?? 0) / (total ?? 1)).toBeGreaterThan(0.15)
  })
})
