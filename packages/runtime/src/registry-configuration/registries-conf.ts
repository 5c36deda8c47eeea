import type { EndpointUse } from '@drayage/registry'
import { z } from 'zod'

import { RegistryConfigError } from '../errors.ts'
import { checkDocument } from './check-document.ts'
import { parseToml } from './parse-toml.ts'
import type { IgnoredSetting } from './read-config-file.ts'

/** A mirror of a rule. */
export interface RuleMirror {
  /** A host, and the start of a path, that stand in place of the rule's prefix. */
  readonly location: string
  readonly isInsecure: boolean
  readonly uses: readonly EndpointUse[]
}

/** What `registries.conf` says of the repositories below a prefix. */
export interface RegistryRule {
  readonly file: string
  /** Where in the file. */
  readonly key: string
  /** A host, and the start of a path; or `*.` and a domain whose subdomains are meant. */
  readonly prefix: string
  /** What stands in place of the prefix when the registry itself is read. */
  readonly location: string
  readonly isInsecure: boolean
  readonly isBlocked: boolean
  readonly mirrors: readonly RuleMirror[]
}

const text = z.string({ error: 'text' })
const flag = z.boolean({ error: 'true or false' }).optional()
const MIRROR = z.looseObject({
  location: text,
  insecure: flag,
  'pull-from-mirror': z.enum(['all', 'digest-only', 'tag-only'], { error: 'all, digest-only or tag-only' }).optional(),
})
const REGISTRY = z.looseObject({
  prefix: text.optional(),
  location: text.optional(),
  insecure: flag,
  blocked: flag,
  'mirror-by-digest-only': flag,
  mirror: z.array(MIRROR, { error: 'a list of tables' }).optional(),
})
const REGISTRIES = z.looseObject({ registry: z.array(REGISTRY, { error: 'a list of tables' }).optional() })

/** Keys that mean nothing here, with the reason. */
const WITHOUT_EFFECT: Readonly<Record<string, string>> = {
  'unqualified-search-registries': 'a name without a domain is one of Docker Hub',
  'short-name-mode': 'a name without a domain is one of Docker Hub',
  aliases: 'a name without a domain is one of Docker Hub',
  'credential-helpers': 'credential helpers are those of the files of logins',
  registries: 'it is of version 1 of the format',
}

/**
 * Reads the rules of a `registries.conf`, version 2. What has no effect is added to `ignored`.
 *
 * @throws RegistryConfigError `ERR_REGISTRY_CONFIG`
 * @see containers-registries.conf(5)
 */
export function parseRegistriesConf(file: string, content: string, ignored: IgnoredSetting[]): RegistryRule[] {
  const document = checkDocument(file, REGISTRIES, parseToml(file, content))
  for (const key of Object.keys(document)) {
    const reason = Object.hasOwn(WITHOUT_EFFECT, key) ? WITHOUT_EFFECT[key] : undefined
    if (reason !== undefined) ignored.push({ file, key, reason })
  }
  return (document.registry ?? []).flatMap((entry, index) => {
    const rule = readRule(file, `registry[${index}]`, entry)
    if (!isOfTag(rule.prefix)) return [rule]
    ignored.push({
      file,
      key: `registry[${index}].prefix`,
      reason: 'a rule for a single tag or digest is not supported',
    })
    return []
  })
}

function readRule(file: string, key: string, entry: z.infer<typeof REGISTRY>): RegistryRule {
  const fail = (name: string, found: string, wanted: string): RegistryConfigError =>
    new RegistryConfigError(file, `${key}.${name}`, found, wanted)
  const { prefix = entry.location, location = prefix } = entry
  if (prefix === undefined || location === undefined) throw fail('prefix', 'neither prefix nor location', 'one of them')
  checkLocation(prefix.replace(/^\*\./, ''), () => fail('prefix', 'another form', 'host[:port][/path] or *.domain'))
  const hasLocation = entry.location !== undefined || !prefix.startsWith('*.')
  if (hasLocation) checkLocation(location, () => fail('location', 'another form', 'host[:port][/path]'))
  const byDigest = entry['mirror-by-digest-only'] === true
  const mirrors = (entry.mirror ?? []).map((mirror, index): RuleMirror => {
    const at = `mirror[${index}]`
    const asked = mirror['pull-from-mirror']
    checkLocation(mirror.location, () => fail(`${at}.location`, 'another form', 'host[:port][/path]'))
    if (byDigest && asked !== undefined) {
      throw fail(`${at}.pull-from-mirror`, 'mirror-by-digest-only too', 'one of them')
    }
    const uses = USES[asked ?? (byDigest ? 'digest-only' : 'all')]
    return { location: trimmed(mirror.location), isInsecure: mirror.insecure === true, uses }
  })
  const [isInsecure, isBlocked] = [entry.insecure === true, entry.blocked === true]
  return { file, key, prefix: trimmed(prefix), location: trimmed(location), isInsecure, isBlocked, mirrors }
}

const USES = {
  all: ['resolve', 'pull'],
  'digest-only': ['pull'],
  'tag-only': ['resolve'],
} as const satisfies Record<string, readonly EndpointUse[]>

function checkLocation(text: string, fail: () => RegistryConfigError): void {
  const isOne = /^(?:[A-Za-z\d.-]+|\[[\da-fA-F:]+\])(?::\d{1,5})?(?:\/[a-z\d]+(?:[._-]+[a-z\d]+)*)*\/?$/.test(text)
  if (!isOne && !isOfTag(text)) throw fail()
}

/** Whether a prefix goes on after the name of a repository. */
function isOfTag(prefix: string): boolean {
  const [, ...parts] = prefix.split('/')
  return parts.some((part) => /[:@]/.test(part))
}

function trimmed(text: string): string {
  return text.replace(/\/$/, '')
}
