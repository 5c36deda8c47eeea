import type { RegistryEndpoint } from '@drayage/registry'
import type { Repository } from '@drayage/reference'

import type { RegistryRule } from './registries-conf.ts'

/** A rule with what it is applied to. */
export interface MatchedRule {
  readonly rule: RegistryRule
  /** What comes after the prefix: empty, or a path that begins with a slash. */
  readonly rest: string
}

/** A registry, or one of its repositories. */
export type RegistryName = Pick<Repository, 'domain'> & Partial<Repository>

/** The rule for a repository: the one with the longest prefix, and of equal ones the last. */
export function matchRule(rules: readonly RegistryRule[], name: RegistryName): MatchedRule | undefined {
  const text = name.path === undefined ? name.domain : `${name.domain}/${name.path}`
  let best: MatchedRule | undefined
  for (const rule of rules) {
    const rest = restAfter(rule.prefix, text, name.domain)
    if (rest !== undefined && (best === undefined || rule.prefix.length >= best.rule.prefix.length))
      best = { rule, rest }
  }
  return best
}

function restAfter(prefix: string, text: string, domain: string): string | undefined {
  if (prefix.startsWith('*.')) return domain.endsWith(prefix.slice(1)) ? text.slice(domain.length) : undefined
  const isBelow = text === prefix || text.startsWith(`${prefix}/`)
  return isBelow ? text.slice(prefix.length) : undefined
}

/**
 * The endpoints that a rule adds for reading, in order: its mirrors, and its location when that is not the repository
 * itself. Pushes and lists go to the registry of the name, as podman has it.
 */
export function endpointsOf(
  { rule, rest }: MatchedRule,
  name: Repository,
): { readonly mirrors: readonly RegistryEndpoint[]; readonly isMoved: boolean } {
  const mirrors = rule.mirrors.map(({ location, isInsecure, uses }) =>
    endpointAt(location + rest, name, isInsecure, uses),
  )
  const isMoved = rule.location !== rule.prefix
  const moved = isMoved ? [endpointAt(rule.location + rest, name, rule.isInsecure, ['resolve', 'pull'])] : []
  return { mirrors: [...mirrors, ...moved], isMoved }
}

function endpointAt(
  location: string,
  name: Repository,
  isInsecure: boolean,
  uses: RegistryEndpoint['uses'],
): RegistryEndpoint {
  const slash = location.indexOf('/')
  const domain = slash < 0 ? location : location.slice(0, slash)
  const path = slash < 0 ? '' : location.slice(slash + 1)
  const isHub = domain === 'docker.io' || domain === 'index.docker.io'
  return {
    url: `https://${isHub ? 'registry-1.docker.io' : domain}`,
    uses,
    isMirror: true,
    credentialsHost: domain,
    ...(isInsecure && { isInsecure }),
    ...(path !== '' && path !== name.path && { path }),
  }
}
