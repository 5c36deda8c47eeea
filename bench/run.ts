// Measures dray and its peers on one image, in turn, in one run:
//
//   pnpm bench [--only TEXT] [--keep]
//
// The image is made once in bench/.cache; the registry is Debian's docker-registry on loopback.
import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import path from 'node:path'
import process from 'node:process'

import { findPeer, startDockerd, startDockerRegistry, type PeerName } from '@drayage/testkit'

import { describeImage, makeImage } from './make-image.ts'
import { median, type Sample } from './measure.ts'
import type { BenchContext, Row } from './row.ts'
import { benchRows } from './rows.ts'
import { runRow } from './run-row.ts'

const CACHE = process.env['DRAYAGE_BENCH_CACHE'] ?? path.join(import.meta.dirname, '.cache')
const DRAY = [process.execPath, path.resolve(import.meta.dirname, '../apps/cli/bin/dray.js')]

/** How to install each peer; from Debian's packages unless stated otherwise. */
const PEERS = {
  'docker-registry': 'apt-get install docker-registry',
  skopeo: 'apt-get install skopeo',
  crane: 'go install github.com/google/go-containerregistry/cmd/crane@latest',
  regctl: 'go install github.com/regclient/regclient/cmd/regctl@latest',
  oras: 'go install oras.land/oras/cmd/oras@latest',
  dockerd: 'apt-get install docker.io',
} as const satisfies Partial<Record<PeerName, string>>

await main()

async function main(): Promise<void> {
  const only = optionValue('--only')
  const peers = Object.fromEntries((Object.keys(PEERS) as (keyof typeof PEERS)[]).map((name) => [name, findPeer(name)]))
  for (const [name, how] of Object.entries(PEERS)) {
    if (peers[name] === undefined) console.log(`missing: ${name} (${how})`)
  }
  mkdirSync(CACHE, { recursive: true })
  const image = await makeImage(CACHE)
  const { layers, compressedBytes } = describeImage(image.layout)
  console.log(`image: ${layers} layers, ${(compressedBytes / 1e6).toFixed(0)} MB compressed\n`)

  await using registry = await startDockerRegistry({ directory: path.join(CACHE, 'registry') })
  const reference = `${registry.host}/bench:latest`
  push(image, reference)
  const work = path.join(CACHE, 'work')
  rmSync(work, { recursive: true, force: true })
  mkdirSync(work, { recursive: true })
  // An image that an earlier run left under another name would make a pull a matter of its manifest.
  rmSync(path.join(CACHE, 'docker'), { recursive: true, force: true })
  await using dockerd =
    peers['dockerd'] === undefined
      ? undefined
      : await startDockerd({ directory: path.join(CACHE, 'docker'), storageDriver: 'overlay2' })
  const context: BenchContext = {
    reference,
    layout: image.layout,
    work,
    dray: DRAY,
    peers,
    docker:
      dockerd === undefined
        ? undefined
        : { command: ['docker', '-H', `unix://${dockerd.socket}`], daemon: { pid: dockerd.pid } },
  }
  for (const row of benchRows(context)) {
    if (only !== undefined && !row.title.includes(only)) continue
    report(row, await runRow(row, path.join(CACHE, 'target')))
  }
  if (!process.argv.includes('--keep')) rmSync(work, { recursive: true, force: true })
}

function optionValue(name: string): string | undefined {
  const position = process.argv.indexOf(name)
  return position < 0 ? undefined : process.argv[position + 1]
}

function push(image: { layout: string; tag: string }, reference: string): void {
  const args = ['copy', '-q', '--dest-tls-verify=false', `oci:${image.layout}:${image.tag}`, `docker://${reference}`]
  const pushed = spawnSync('skopeo', args, { encoding: 'utf8' })
  if (pushed.status !== 0) throw new Error(`Cannot push the image: ${pushed.stderr}`)
}

function report(row: Row, samples: ReadonlyMap<string, readonly Sample[]>): void {
  const results = new Map([...samples].map(([name, all]) => [name, median(all)]))
  const own = results.get('dray')
  console.log(`${row.title} (median of ${row.runs})`)
  for (const [name, sample] of results) {
    const { wallSeconds, cpuSeconds, peakBytes } = sample
    const ratio =
      own === undefined || sample === own
        ? ''
        : `  dray/${name} wall ${(own.wallSeconds / wallSeconds).toFixed(2)} cpu ${(own.cpuSeconds / cpuSeconds).toFixed(2)} memory ${(own.peakBytes / peakBytes).toFixed(2)}`
    console.log(
      `  ${name.padEnd(9)} ${wallSeconds.toFixed(2).padStart(7)} s  cpu ${cpuSeconds.toFixed(2).padStart(6)} s  ${(peakBytes / 1e6).toFixed(0).padStart(5)} MB${ratio}`,
    )
  }
  console.log()
}
