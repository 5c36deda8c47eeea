import { accessSync, constants, statSync } from 'node:fs'
import path from 'node:path'

/** Programs that tests compare with or talk to. */
export type PeerName =
  | 'skopeo'
  | 'crane'
  | 'umoci'
  | 'docker-registry'
  | 'dockerd'
  | 'docker'
  | 'docker29'
  | 'docker-buildx'
  | 'containerd'
  | 'ctr'
  | 'podman'
  | 'buildah'
  | 'regctl'
  | 'oras'
  | 'cosign'
  | 'oci-conformance'
  | 'bsdtar'
  | 'busybox'
  | 'cpio'
  | 'pax'
  | 'python3'
  | 'git'
  | 'go'
  | 'debootstrap'
  | 'systemd-notify'
  | 'systemd-socket-activate'
  | 'bzip2'
  | 'xz'
  | 'strace'
  | 'faketime'
  | 'mkfs.xfs'

// Daemons are often where the search path of a user does not look.
const SYSTEM_DIRECTORIES: readonly string[] = ['/usr/local/bin', '/usr/local/sbin', '/usr/bin', '/usr/sbin']

/** The file of an installed peer, by `$PATH` and the usual system directories; `undefined` when it is not installed. */
export function findPeer(name: PeerName, env: NodeJS.ProcessEnv = process.env): string | undefined {
  const searched = [...(env['PATH'] ?? '').split(path.delimiter), ...SYSTEM_DIRECTORIES].filter((entry) => entry !== '')
  return searched.map((directory) => path.join(directory, name)).find(isExecutable)
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return statSync(file).isFile()
  } catch {
    return false
  }
}
