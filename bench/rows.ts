import { rmSync } from 'node:fs'
import path from 'node:path'

import type { Daemon } from './measure.ts'

/** What the commands of a row work with. */
export interface BenchContext {
  /** Reference of the image in the local registry, `127.0.0.1:port/bench:latest`. */
  readonly reference: string
  /** A directory for results, on the disk that is measured. */
  readonly work: string
  readonly dray: readonly string[]
  readonly peers: Readonly<Record<string, string | undefined>>
  readonly docker: { readonly command: readonly string[]; readonly daemon: Daemon } | undefined
}

/** One tool's way to do a row's job. */
export interface Contender {
  readonly name: string
  readonly command: readonly string[]
  /** Undoes earlier runs and prepares this one; not measured. */
  readonly prepare?: readonly (readonly string[])[]
  readonly remove?: readonly string[]
  readonly daemon?: Daemon
}

/** A job that several tools do. The first contender is `dray`; the others are shown as ratios to it. */
export interface Row {
  readonly title: string
  readonly contenders: readonly Contender[]
  readonly runs: number
}

/** The benchmark's rows for the peers that are there. */
export function benchRows(context: BenchContext): Row[] {
  return [ociLayout(context), verifiedPull(context), dockerArchive(context), upToDate(context), digest(context)]
}

type PeerCommand = (binary: string) => Contender

function present(context: BenchContext, peers: Readonly<Record<string, PeerCommand>>): Contender[] {
  return Object.entries(peers).flatMap(([name, make]) => {
    const binary = context.peers[name]
    return binary === undefined ? [] : [make(binary)]
  })
}

function ociLayout(context: BenchContext): Row {
  const { reference, dray, work } = context
  const at = (name: string): string => path.join(work, `oci-${name}`)
  return {
    title: 'registry → OCI layout',
    runs: 5,
    contenders: [
      {
        name: 'dray',
        command: [...dray, 'copy', '-q', `docker://${reference}`, `oci:${at('dray')}:bench`],
        remove: [at('dray')],
      },
      ...present(context, {
        skopeo: (binary) => ({
          name: 'skopeo',
          command: [
            binary,
            'copy',
            '-q',
            '--src-tls-verify=false',
            `docker://${reference}`,
            `oci:${at('skopeo')}:bench`,
          ],
          remove: [at('skopeo')],
        }),
        crane: (binary) => ({
          name: 'crane',
          command: [binary, 'pull', '--insecure', '--format=oci', reference, at('crane')],
          remove: [at('crane')],
        }),
        regctl: (binary) => ({
          name: 'regctl',
          command: [
            binary,
            'image',
            'copy',
            '--host',
            `reg=${reference.split('/')[0] ?? ''},tls=disabled`,
            reference,
            `ocidir://${at('regctl')}:bench`,
          ],
          remove: [at('regctl')],
        }),
        oras: (binary) => ({
          name: 'oras',
          command: [binary, 'copy', '--from-plain-http', '--to-oci-layout', reference, `${at('oras')}:bench`],
          remove: [at('oras')],
        }),
      }),
    ],
  }
}

function verifiedPull(context: BenchContext): Row {
  const { reference, dray, work, docker } = context
  const store = path.join(work, 'store')
  const contenders: Contender[] = [
    { name: 'dray', command: [...dray, '--store', store, 'pull', '-q', reference], remove: [store] },
  ]
  if (docker !== undefined) {
    contenders.push({
      name: 'docker',
      command: [...docker.command, 'pull', '-q', reference],
      prepare: [[...docker.command, 'rmi', '-f', reference]],
      daemon: docker.daemon,
    })
  }
  return { title: 'registry → store, DiffIDs verified', runs: 3, contenders }
}

function dockerArchive(context: BenchContext): Row {
  const { reference, dray, work } = context
  const at = (name: string): string => path.join(work, `archive-${name}.tar`)
  return {
    title: 'registry → uncompressed docker-archive',
    runs: 3,
    contenders: [
      {
        name: 'dray',
        command: [...dray, 'copy', '-q', `docker://${reference}`, `docker-archive:${at('dray')}:bench:latest`],
        remove: [at('dray')],
      },
      ...present(context, {
        skopeo: (binary) => ({
          name: 'skopeo',
          command: [
            binary,
            'copy',
            '-q',
            '--src-tls-verify=false',
            `docker://${reference}`,
            `docker-archive:${at('skopeo')}:bench:latest`,
          ],
          remove: [at('skopeo')],
        }),
      }),
    ],
  }
}

function upToDate(context: BenchContext): Row {
  const { reference, dray, work, docker } = context
  const pull = [...dray, '--store', path.join(work, 'store'), 'pull', '-q', reference]
  const contenders: Contender[] = [{ name: 'dray', command: pull, prepare: [pull] }]
  if (docker !== undefined) {
    const command = [...docker.command, 'pull', '-q', reference]
    contenders.push({ name: 'docker', command, prepare: [command], daemon: docker.daemon })
  }
  return { title: '"up to date" pull', runs: 7, contenders }
}

function digest(context: BenchContext): Row {
  const { reference, dray } = context
  return {
    title: 'digest of a tag',
    runs: 9,
    contenders: [
      { name: 'dray', command: [...dray, 'digest', reference] },
      ...present(context, {
        crane: (binary) => ({ name: 'crane', command: [binary, 'digest', '--insecure', reference] }),
        skopeo: (binary) => ({
          name: 'skopeo',
          command: [
            binary,
            'inspect',
            '--tls-verify=false',
            '--no-tags',
            '--format',
            '{{.Digest}}',
            `docker://${reference}`,
          ],
        }),
        regctl: (binary) => ({
          name: 'regctl',
          command: [
            binary,
            'image',
            'digest',
            '--host',
            `reg=${reference.split('/')[0] ?? ''},tls=disabled`,
            reference,
          ],
        }),
      }),
    ],
  }
}

/** Removes what an earlier run of this contender left. */
export function removeResults(contender: Contender): void {
  for (const each of contender.remove ?? []) rmSync(each, { recursive: true, force: true })
}
