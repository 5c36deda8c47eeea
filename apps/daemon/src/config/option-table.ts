import { DEFAULT_CONCURRENT_DOWNLOADS, DEFAULT_CONCURRENT_UPLOADS } from '@drayage/distribution'

/** How the value of an option is written. */
export type OptionKind = 'text' | 'texts' | 'count' | 'switch'

/** An option of the daemon: a key of the configuration file, a flag, and an environment variable. */
export interface OptionRow {
  /** As in the file, with `-` between words and `.` before a key of a table: `admin.host`. */
  readonly key: string
  readonly kind: OptionKind
  /** What help, manual and README say, without a full stop. */
  readonly help: string
  /** The value that an option has when it is not set. */
  readonly fallback?: string | number
  /** What happens when the option is not set, where that is not one value. */
  readonly otherwise?: string
  /** Whether SIGHUP applies a changed value; other options need a restart. */
  readonly isLive?: boolean
  /** The least count; 0 by default. */
  readonly least?: number
  /** The only values that are accepted. */
  readonly choices?: readonly string[]
}

/** Every option of `drayd`. */
export const OPTION_TABLE: readonly OptionRow[] = [
  {
    key: 'host',
    kind: 'texts',
    help: 'Where to serve the Engine API: unix://PATH, tcp://ADDRESS:PORT, or fd:// for systemd sockets',
    otherwise: 'unix:///run/drayd.sock for root, or else unix://$XDG_RUNTIME_DIR/drayd.sock',
  },
  { key: 'group', kind: 'text', help: 'Group that may use the unix sockets', otherwise: 'docker, if it exists' },
  {
    key: 'store',
    kind: 'text',
    help: 'Directory of the store',
    otherwise: '$DRAYAGE_STORE, or else that of dray',
  },
  {
    key: 'platform',
    kind: 'text',
    help: 'Platform of images for clients that ask for none, such as linux/arm64',
    otherwise: 'this machine',
  },
  {
    key: 'foreign-layers',
    kind: 'text',
    help: 'Layers kept at URLs: pushed without them, with those that are here, or also fetched from the URLs',
    fallback: 'skip',
    choices: ['skip', 'copy', 'fetch'],
  },
  {
    key: 'image-id',
    kind: 'text',
    help: 'ID that clients are shown of an image: the digest of its config, or of the index or manifest that was pulled',
    otherwise: 'target where daemon.json turns features.containerd-snapshotter on, or else config',
    choices: ['config', 'target'],
  },
  {
    key: 'max-concurrent-downloads',
    kind: 'count',
    help: 'Concurrent downloads of all clients together',
    fallback: DEFAULT_CONCURRENT_DOWNLOADS,
    least: 1,
    isLive: true,
  },
  {
    key: 'max-concurrent-uploads',
    kind: 'count',
    help: 'Concurrent uploads of all clients together',
    fallback: DEFAULT_CONCURRENT_UPLOADS,
    least: 1,
    isLive: true,
  },
  {
    key: 'scrub-rate',
    kind: 'count',
    help: 'Bytes a second that are read of the store, all of it once a day at most, to find and mend what went bad; 0 reads none',
    fallback: 0,
  },
  {
    key: 'prune.high',
    kind: 'text',
    help: 'How full the store may be before images are removed: bytes of its content such as 20GB, or percent of its file system that are in use such as 85%',
    otherwise: 'as full as it gets',
  },
  {
    key: 'prune.low',
    kind: 'text',
    help: 'How full the store is afterwards, written as prune.high: what was used least recently goes',
    otherwise: 'prune.high',
  },
  {
    key: 'prune.keep',
    kind: 'count',
    help: 'How many tags of each repository stay, those that were given last; 0 keeps all',
    fallback: 0,
  },
  {
    key: 'prune.filters',
    kind: 'texts',
    help: 'Which images may be removed: label=NAME[=VALUE], label!=NAME[=VALUE] or until=TIME, all of which must hold',
    otherwise: 'all',
  },
  {
    key: 'prune.min-age',
    kind: 'count',
    help: 'Seconds that an image must not have been used to be removed',
    fallback: 600,
  },
  {
    key: 'prune.interval',
    kind: 'count',
    help: 'Seconds between looks at the store, beside one after each pull, load and import',
    fallback: 3600,
    least: 1,
  },
  {
    key: 'require-schema2',
    kind: 'switch',
    help: 'Refuse images that only Docker manifest schema 1 describes',
  },
  {
    key: 'registry-mirrors',
    kind: 'texts',
    help: 'Mirrors of Docker Hub, in the order in which they are tried',
    otherwise: 'those of daemon.json, registries.conf and hosts.toml',
    isLive: true,
  },
  {
    key: 'insecure-registries',
    kind: 'texts',
    help: 'Registries that may use plain HTTP or any certificate, by host[:port] or CIDR',
    otherwise: 'those of daemon.json and registries.conf',
    isLive: true,
  },
  {
    key: 'trusted-realms',
    kind: 'texts',
    help: "Token servers on another domain that may see clients' logins, as registry=token-server",
    otherwise: 'none',
    isLive: true,
  },
  {
    key: 'http-blobs',
    kind: 'texts',
    help: 'Registries by host[:port] that may send for blobs from https to http; bytes are verified and no login goes along',
    otherwise: 'none',
    isLive: true,
  },
  { key: 'tls-cert', kind: 'text', help: 'Certificate of the daemon for tcp:// hosts, a PEM file' },
  { key: 'tls-key', kind: 'text', help: 'Key of tls-cert, a PEM file' },
  {
    key: 'tls-client-ca',
    kind: 'text',
    help: 'Authorities whose clients may connect to tcp:// hosts, a PEM file',
  },
  {
    key: 'loopback-without-tls',
    kind: 'switch',
    help: 'Allow tcp:// hosts of this machine without TLS: every local user and browser can then reach the daemon',
  },
  { key: 'allowed-hosts', kind: 'texts', help: 'Additional names by which clients may address tcp:// hosts' },
  {
    key: 'max-connections',
    kind: 'count',
    help: 'Concurrent connections to each host, half of them from one address; all hosts together use half of the open files that are allowed',
    fallback: 1024,
    least: 1,
  },
  {
    key: 'registry.host',
    kind: 'text',
    help: 'Where to serve the registry endpoint: tcp://ADDRESS:PORT',
    otherwise: 'not served',
  },
  {
    key: 'registry.htpasswd',
    kind: 'text',
    help: 'Users of the registry endpoint, an htpasswd file with bcrypt hashes',
  },
  {
    key: 'registry.auth',
    kind: 'text',
    help: 'How users of the registry endpoint log in: with each request, or once for a token',
    fallback: 'basic',
    choices: ['basic', 'token'],
  },
  { key: 'registry.tls-cert', kind: 'text', help: 'Certificate of the registry endpoint, a PEM file' },
  { key: 'registry.tls-key', kind: 'text', help: 'Key of registry.tls-cert, a PEM file' },
  {
    key: 'registry.realm',
    kind: 'text',
    help: 'URL of the token endpoint for clients, which ends in /token; for registry.auth token',
    otherwise: 'at the address of registry.host',
  },
  {
    key: 'registry.anonymous',
    kind: 'text',
    help: 'What users without a login may do at the registry endpoint; with push, each of them can replace and delete names of the store',
    otherwise: 'pull on this machine without registry.htpasswd, or else none',
    choices: ['none', 'pull', 'push'],
  },
  {
    key: 'registry.sparse',
    kind: 'switch',
    help: 'Take manifests whose content is not all here, such as an index with a few of its images',
  },
  { key: 'registry.refuse-schema1', kind: 'switch', help: 'Refuse manifests of schema 1' },
  {
    key: 'admin.host',
    kind: 'text',
    help: 'Where to serve /metrics, /healthz, /readyz and /storez: tcp://ADDRESS:PORT or unix://PATH',
    otherwise: 'not served',
  },
  {
    key: 'log-level',
    kind: 'text',
    help: 'Lowest level of log lines',
    fallback: 'info',
    isLive: true,
    choices: ['debug', 'info', 'warn', 'error', 'silent'],
  },
  {
    key: 'shutdown-timeout',
    kind: 'count',
    help: 'Seconds that running requests have when the daemon stops; transfers then pause and can be resumed',
    fallback: 15,
  },
]

/** The flag of an option: `admin.host` is `--admin-host`. */
export function flagOf({ key }: OptionRow): string {
  return `--${key.replaceAll('.', '-')}`
}

/** The variable of an option: `admin.host` is `DRAYD_ADMIN_HOST`. */
export function variableOf({ key }: OptionRow): string {
  return `DRAYD_${key.replaceAll(/[.-]/g, '_').toUpperCase()}`
}

/** What an option is when it is not set, for people; `undefined` for one that is off. */
export function defaultText({ fallback, otherwise }: OptionRow): string | undefined {
  return fallback === undefined ? otherwise : String(fallback)
}
