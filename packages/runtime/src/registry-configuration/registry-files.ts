import path from 'node:path'

/** Where the configuration of registries is. */
export interface RegistryFiles {
  /** docker's `daemon.json`; the first one that is there is read. */
  readonly daemon: readonly string[]
  /** podman's `registries.conf`; the first one that is there is read. */
  readonly registries: readonly string[]
  /** Directories whose `*.conf` are read after it, in their order. */
  readonly registriesDirectories: readonly string[]
  /** Directories of containerd with `<host>/hosts.toml`; the first that has one for the host is read. */
  readonly hostsDirectories: readonly string[]
  /** Directories of docker with `<host>/*.crt`, `*.cert` and `*.key`; the first that has some for the host is read. */
  readonly certificateDirectories: readonly string[]
}

/** What decides where files are. */
export interface RegistryFilesOptions {
  readonly env: Readonly<Record<string, string | undefined>>
  /** The user's home directory. */
  readonly home: string
  /** The directory of the machine's configuration. */
  readonly etc: string
}

/**
 * The files of the user, then those of the machine: below `$XDG_CONFIG_HOME`, else `~/.config`, and below `/etc`.
 * `$CONTAINERS_REGISTRIES_CONF` names the only `registries.conf`.
 */
export function defaultRegistryFiles({ env, home, etc }: RegistryFilesOptions): RegistryFiles {
  const { XDG_CONFIG_HOME: config, CONTAINERS_REGISTRIES_CONF: chosen = env['REGISTRIES_CONFIG_PATH'] } = env
  const user = config !== undefined && path.isAbsolute(config) ? config : path.join(home, '.config')
  const both = (...parts: readonly string[]): string[] => [path.join(user, ...parts), path.join(etc, ...parts)]
  const isChosen = chosen !== undefined && chosen !== ''
  return {
    daemon: both('docker', 'daemon.json'),
    registries: isChosen ? [chosen] : both('containers', 'registries.conf'),
    registriesDirectories: isChosen ? [] : both('containers', 'registries.conf.d').toReversed(),
    hostsDirectories: both('containerd', 'certs.d'),
    certificateDirectories: ['docker', 'containers', 'containerd'].flatMap((owner) => both(owner, 'certs.d')),
  }
}
