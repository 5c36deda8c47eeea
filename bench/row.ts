import type { Daemon } from './measure.ts'

/** What the commands of a row work with. */
export interface BenchContext {
  /** Reference of the image in the local registry, `127.0.0.1:port/bench:latest`. */
  readonly reference: string
  /** The image as an OCI layout, whose entry is called `bench`. */
  readonly layout: string
  /** A directory for results, on the disk that is measured. */
  readonly work: string
  readonly dray: readonly string[]
  readonly peers: Readonly<Record<string, string | undefined>>
  readonly docker: { readonly command: readonly string[]; readonly daemon: Daemon } | undefined
}

/** A command with its arguments. */
export type Command = readonly string[]

/** One tool's way to do a row's job. */
export interface Contender {
  readonly name: string
  /** `target` is a reference in the empty registry, in the rows that want one. */
  readonly command: (target: string) => Command
  /** Undoes earlier runs and prepares this one; not measured, and may fail. */
  readonly prepare?: (target: string) => readonly Command[]
  readonly remove?: readonly string[]
  readonly daemon?: Daemon
}

/** A job that several tools do. The first contender is `dray`; the others are shown as ratios to it. */
export interface Row {
  readonly title: string
  readonly contenders: readonly Contender[]
  readonly runs: number
  /** Makes what the contenders read; runs once. */
  readonly once?: readonly Command[]
  /** Whether each run gets a new, empty registry, so that no run sends less than another. */
  readonly wantsEmptyRegistry?: boolean
}

/** The contenders whose peer is installed. */
export function present(
  context: BenchContext,
  peers: Readonly<Record<string, (binary: string) => Omit<Contender, 'name'>>>,
): Contender[] {
  return Object.entries(peers).flatMap(([name, make]) => {
    const binary = context.peers[name]
    return binary === undefined ? [] : [{ name, ...make(binary) }]
  })
}

/** The docker contender, when a daemon runs. */
export function viaDocker(
  context: BenchContext,
  make: (docker: Command) => Omit<Contender, 'name' | 'daemon'>,
): Contender[] {
  const { docker } = context
  return docker === undefined ? [] : [{ name: 'docker', daemon: docker.daemon, ...make(docker.command) }]
}

/** What makes regctl speak plain http to the registry of a reference. */
export function regctlHost(reference: string): Command {
  return ['--host', `reg=${reference.split('/')[0] ?? ''},tls=disabled`]
}
