/** How the value of an option is written. */
export type OptionKind = 'text' | 'texts' | 'count' | 'switch'

/** An option of the daemon: a key of the configuration file, a flag and a variable of the environment. */
export interface OptionRow {
  /** In the file, with `-` between words and `.` before a key of a table: `admin.host`. */
  readonly key: string
  readonly kind: OptionKind
  /** What help and manual say; it begins in lower case and has no full stop. */
  readonly help: string
  /** The default as it is written; nothing when the option is off or found by other means. */
  readonly fallback?: string
  /** Whether SIGHUP applies a changed value; others need a restart. */
  readonly isLive?: boolean
  /** The least count it may have; 0 by default. */
  readonly least?: number
  /** The values it may have. */
  readonly choices?: readonly string[]
}

/** Every option of `drayd`. */
export const OPTION_TABLE: readonly OptionRow[] = [
  {
    key: 'host',
    kind: 'texts',
    help: 'where the Engine API is served: unix://PATH, tcp://ADDRESS:PORT, or fd:// for sockets of systemd',
    fallback: 'unix:///run/drayd.sock, as root; else unix://$XDG_RUNTIME_DIR/drayd.sock',
  },
  { key: 'group', kind: 'text', help: 'group that may use the unix sockets', fallback: 'docker where it exists' },
  {
    key: 'store',
    kind: 'text',
    help: 'directory of the store',
    fallback: '$DRAYAGE_STORE, else as for dray',
  },
  {
    key: 'platform',
    kind: 'text',
    help: 'platform of images whose client asks for none, such as linux/arm64',
    fallback: 'this machine',
  },
  {
    key: 'max-concurrent-downloads',
    kind: 'count',
    help: 'downloads at a time, of all clients together',
    fallback: '3',
    least: 1,
    isLive: true,
  },
  {
    key: 'max-concurrent-uploads',
    kind: 'count',
    help: 'uploads at a time, of all clients together',
    fallback: '5',
    least: 1,
    isLive: true,
  },
  {
    key: 'registry-mirrors',
    kind: 'texts',
    help: 'mirrors of Docker Hub, in the order in which they are asked',
    fallback: 'those of daemon.json, registries.conf and hosts.toml',
    isLive: true,
  },
  {
    key: 'insecure-registries',
    kind: 'texts',
    help: 'registries that may be asked by plain HTTP or with any certificate, by host[:port] or CIDR',
    fallback: 'those of daemon.json and registries.conf',
    isLive: true,
  },
  { key: 'tls-cert', kind: 'text', help: 'certificate of the daemon for tcp:// hosts, a file in PEM' },
  { key: 'tls-key', kind: 'text', help: 'key of tls-cert, a file in PEM' },
  { key: 'tls-client-ca', kind: 'text', help: 'authorities whose clients may connect to tcp:// hosts, a file in PEM' },
  {
    key: 'loopback-without-tls',
    kind: 'switch',
    help: 'allow tcp:// hosts of this machine without TLS: every local user and browser can then reach the daemon',
  },
  {
    key: 'allowed-hosts',
    kind: 'texts',
    help: 'further names under which clients may address tcp:// hosts',
  },
  {
    key: 'max-connections',
    kind: 'count',
    help: 'connections at a time, of each host',
    fallback: '1024',
    least: 1,
  },
  {
    key: 'registry.host',
    kind: 'text',
    help: 'where the registry endpoint is served: tcp://ADDRESS:PORT; off by default',
  },
  {
    key: 'registry.htpasswd',
    kind: 'text',
    help: 'users of the registry endpoint, a file of htpasswd with bcrypt hashes',
  },
  {
    key: 'registry.auth',
    kind: 'text',
    help: 'how users of the registry endpoint log in: with each request, or once for a token',
    fallback: 'basic',
    choices: ['basic', 'token'],
  },
  { key: 'registry.tls-cert', kind: 'text', help: 'certificate of the registry endpoint, a file in PEM' },
  { key: 'registry.tls-key', kind: 'text', help: 'key of registry.tls-cert, a file in PEM' },
  {
    key: 'registry.realm',
    kind: 'text',
    help: 'URL of the token endpoint as clients reach it, with /token at its end, for registry.auth token',
    fallback: 'at the address of registry.host',
  },
  {
    key: 'registry.anonymous',
    kind: 'text',
    help: 'what users without a login may do at the registry endpoint',
    fallback: 'push on this machine without registry.htpasswd, else none',
    choices: ['none', 'pull', 'push'],
  },
  {
    key: 'admin.host',
    kind: 'text',
    help: 'where /metrics, /healthz and /readyz are served: tcp://ADDRESS:PORT or unix://PATH; off by default',
  },
  {
    key: 'log-level',
    kind: 'text',
    help: 'least level of log lines',
    fallback: 'info',
    isLive: true,
    choices: ['debug', 'info', 'warn', 'error', 'silent'],
  },
  {
    key: 'shutdown-timeout',
    kind: 'count',
    help: 'seconds that running requests have when the daemon ends; transfers then pause and can be resumed',
    fallback: '15',
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
