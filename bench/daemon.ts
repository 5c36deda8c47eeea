// Measures the docker command with drayd and with dockerd behind it, in turn, on one image:
//
//   node bench/daemon.ts [--only TEXT]
//
// The image and the registry are those of run.ts; dockerd keeps its layers in overlay2.
import { mkdirSync, rmSync } from 'node:fs'
import path from 'node:path'
import process from 'node:process'

import { runOk, startDockerd, startDockerRegistry } from '@drayage/testkit'

import { startDrayd } from '../interop/drayd.ts'
import { describeImage, makeImage } from './make-image.ts'
import { median, type Daemon } from './measure.ts'
import type { Command, Contender, Row } from './row.ts'
import { runRow } from './run-row.ts'

const CACHE = process.env['DRAYAGE_BENCH_CACHE'] ?? path.join(import.meta.dirname, '.cache')

await main()

async function main(): Promise<void> {
  mkdirSync(CACHE, { recursive: true })
  const { layout, tag } = await makeImage(CACHE)
  const { layers, compressedBytes } = describeImage(layout)
  console.log(`image: ${layers} layers, ${(compressedBytes / 1e6).toFixed(0)} MB compressed\n`)
  const work = path.join(CACHE, 'daemon')
  rmSync(work, { recursive: true, force: true })
  mkdirSync(work)
  await using registry = await startDockerRegistry({ directory: path.join(CACHE, 'registry') })
  const reference = `${registry.host}/bench:latest`
  await runOk('skopeo', ['copy', '-q', '--dest-tls-verify=false', `oci:${layout}:${tag}`, `docker://${reference}`])
  await using drayd = await startDrayd(work)
  await using dockerd = await startDockerd({ directory: path.join(work, 'dockerd'), storageDriver: 'overlay2' })
  const engines = [
    { name: 'drayd', docker: ['docker', '-H', `unix://${drayd.socket}`], daemon: { pid: drayd.pid } },
    { name: 'dockerd', docker: ['docker', '-H', `unix://${dockerd.socket}`], daemon: { pid: dockerd.pid } },
  ]
  const only = process.argv.includes('--only') ? (process.argv.at(process.argv.indexOf('--only') + 1) ?? '') : ''
  for (const row of rowsOf(engines, reference, work)) {
    if (row.title.includes(only)) await report(row, path.join(work, 'target'))
  }
}

interface Engine {
  readonly name: string
  /** The docker command that talks to it. */
  readonly docker: Command
  readonly daemon: Daemon
}

/** Removes all images: content that another name still holds would not be pulled again. */
function pruneAll(docker: Command): Command {
  return [...docker, 'image', 'prune', '-a', '-f']
}

function rowsOf(engines: readonly Engine[], reference: string, work: string): Row[] {
  const row = (
    title: string,
    make: (engine: Engine) => Omit<Contender, 'name' | 'daemon'>,
    rest?: Partial<Row>,
  ): Row => ({
    ...{ title, runs: 3, ...rest },
    contenders: engines.map((engine) => ({ name: engine.name, daemon: engine.daemon, ...make(engine) })),
  })
  const pullAll = engines.map(({ docker }) => [...docker, 'pull', '-q', reference])
  const archive = (name: string): string => path.join(work, `${name}.tar`)
  const saveAll = engines.map(({ name, docker }) => [...docker, 'save', '-o', archive(name), reference])
  return [
    row('docker pull', ({ docker }) => ({
      command: () => [...docker, 'pull', '-q', reference],
      prepare: () => [pruneAll(docker)],
    })),
    row('docker pull, up to date', ({ docker }) => ({ command: () => [...docker, 'pull', '-q', reference] }), {
      ...{ runs: 9, once: pullAll },
    }),
    row(
      'docker push of a pulled image',
      ({ docker }) => ({
        command: (target) => [...docker, 'push', '-q', target],
        prepare: (target) => [[...docker, 'tag', reference, target]],
      }),
      { once: pullAll, wantsEmptyRegistry: true },
    ),
    row(
      'docker save',
      ({ name, docker }) => ({
        command: () => [...docker, 'save', '-o', archive(`saved-${name}`), reference],
        remove: [archive(`saved-${name}`)],
      }),
      { once: pullAll },
    ),
    ...['drayd', 'dockerd'].map((from) =>
      row(
        `docker load of what ${from} saved`,
        ({ docker }) => ({
          command: () => [...docker, 'load', '-q', '-i', archive(from)],
          prepare: () => [pruneAll(docker)],
        }),
        { once: [...pullAll, ...saveAll] },
      ),
    ),
  ]
}

async function report(row: Row, directory: string): Promise<void> {
  console.log(`${row.title} (median of ${row.runs})`)
  const [drayd, dockerd] = [...(await runRow(row, directory)).values()].map((samples) => median(samples))
  if (drayd === undefined || dockerd === undefined) throw new TypeError('Cannot report: found fewer than two results')
  for (const [name, { wallSeconds, cpuSeconds, peakBytes }] of Object.entries({ drayd, dockerd })) {
    const figures = `${wallSeconds.toFixed(2).padStart(7)} s  cpu ${cpuSeconds.toFixed(2).padStart(6)} s`
    console.log(`  ${name.padEnd(8)} ${figures}  ${(peakBytes / 1e6).toFixed(0).padStart(5)} MB`)
  }
  const ratio = (key: 'wallSeconds' | 'cpuSeconds'): string => (drayd[key] / dockerd[key]).toFixed(2)
  console.log(`  drayd/dockerd wall ${ratio('wallSeconds')} cpu ${ratio('cpuSeconds')}\n`)
}
