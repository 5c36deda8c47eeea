import type { Repository } from '@drayage/reference'

/** The repository that a name in normal or familiar form stands for. */
export function repositoryOf(name: string): Repository {
  const slash = name.indexOf('/')
  const first = slash < 0 ? '' : name.slice(0, slash)
  const isDomain = /[.:]/.test(first) || first === 'localhost'
  if (isDomain && first !== 'docker.io') return { domain: first, path: name.slice(slash + 1) }
  const path = isDomain ? name.slice(slash + 1) : name
  return { domain: 'docker.io', path: path.includes('/') ? path : `library/${path}` }
}
