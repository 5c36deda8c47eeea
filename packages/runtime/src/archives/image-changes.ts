import type { ContainerConfig } from '@drayage/manifest'

import { ImageChangeError } from '../errors.ts'

/** A config that is being changed; the members are Docker's. */
type Changed = { -readonly [Member in keyof ContainerConfig]: ContainerConfig[Member] } & {
  OnBuild?: readonly string[]
}

/** Most changes of one image. */
const MAX_CHANGES = 256

/**
 * The config of a container that lines of a Dockerfile make: `CMD`, `ENTRYPOINT`, `ENV`, `EXPOSE`, `LABEL`, `ONBUILD`,
 * `STOPSIGNAL`, `USER`, `VOLUME` and `WORKDIR`.
 *
 * @throws ImageChangeError `ERR_IMAGE_CHANGE` for any other line
 */
export function applyChanges(changes: readonly string[]): ContainerConfig {
  if (changes.length > MAX_CHANGES) throw new ImageChangeError(`${changes.length} changes`, `at most ${MAX_CHANGES}`)
  const config: Changed = {}
  for (const change of changes) applyChange(config, change.trim())
  return config
}

function applyChange(config: Changed, change: string): void {
  const space = change.search(/\s/)
  const instruction = (space < 0 ? change : change.slice(0, space)).toUpperCase()
  const rest = space < 0 ? '' : change.slice(space).trim()
  const apply = Object.hasOwn(INSTRUCTIONS, instruction) ? INSTRUCTIONS[instruction] : undefined
  if (apply === undefined || rest === '') {
    throw new ImageChangeError(change, `one of ${Object.keys(INSTRUCTIONS).join(', ')} with its argument`)
  }
  apply(config, rest)
}

const INSTRUCTIONS: Readonly<Record<string, (config: Changed, rest: string) => void>> = {
  CMD: (config, rest) => void (config.Cmd = commandOf(rest)),
  ENTRYPOINT: (config, rest) => void (config.Entrypoint = commandOf(rest)),
  ENV: (config, rest) => {
    const env = new Map((config.Env ?? []).map((each) => [each.split('=')[0] ?? '', each]))
    for (const [name, value] of pairsOf(rest)) env.set(name, `${name}=${value}`)
    config.Env = [...env.values()]
  },
  EXPOSE: (config, rest) => {
    const ports = rest.split(/\s+/).map((port): [string, object] => [port.includes('/') ? port : `${port}/tcp`, {}])
    config.ExposedPorts = { ...config.ExposedPorts, ...Object.fromEntries(ports) }
  },
  LABEL: (config, rest) => void (config.Labels = { ...config.Labels, ...Object.fromEntries(pairsOf(rest)) }),
  ONBUILD: (config, rest) => void (config.OnBuild = [...(config.OnBuild ?? []), rest]),
  STOPSIGNAL: (config, rest) => void (config.StopSignal = rest),
  USER: (config, rest) => void (config.User = rest),
  VOLUME: (config, rest) => {
    const volumes = (jsonTexts(rest) ?? rest.split(/\s+/)).map((volume): [string, object] => [volume, {}])
    config.Volumes = { ...config.Volumes, ...Object.fromEntries(volumes) }
  },
  WORKDIR: (config, rest) => {
    const isAbsolute = rest.startsWith('/') || config.WorkingDir === undefined
    config.WorkingDir = isAbsolute ? `/${rest.replace(/^\/+/, '')}` : `${config.WorkingDir ?? ''}/${rest}`
  },
}

/** A JSON array of texts, or a line for the shell. */
function commandOf(rest: string): readonly string[] {
  return jsonTexts(rest) ?? ['/bin/sh', '-c', rest]
}

function jsonTexts(text: string): readonly string[] | undefined {
  if (!text.startsWith('[')) return undefined
  try {
    const parsed: unknown = JSON.parse(text)
    return Array.isArray(parsed) && parsed.every((each) => typeof each === 'string') ? parsed : undefined
  } catch {
    return undefined
  }
}

/** `a=b c="d e"`, or the older `a b c`, which is one name and its value. */
function pairsOf(rest: string): (readonly [string, string])[] {
  const words = wordsOf(rest)
  if (words.every((word) => word.includes('='))) {
    return words.map((word) => [word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1)] as const)
  }
  const space = rest.search(/\s/)
  if (space < 0 || rest.slice(0, space).includes('=')) throw new ImageChangeError(rest, 'name=value')
  return [[rest.slice(0, space), rest.slice(space).trim()]]
}

/** Words of a line, where quotes and backslashes keep white space. */
function wordsOf(line: string): string[] {
  const words: string[] = []
  let word = ''
  let quote = ''
  for (let at = 0; at < line.length; at++) {
    const character = line[at] ?? ''
    if (character === '\\' && quote !== "'") word += line[++at] ?? ''
    else if (character === quote) quote = ''
    else if (quote === '' && (character === '"' || character === "'")) quote = character
    else if (quote === '' && /\s/.test(character)) {
      if (word !== '') words.push(word)
      word = ''
    } else word += character
  }
  if (quote !== '') throw new ImageChangeError(line, `a closing ${quote}`)
  if (word !== '') words.push(word)
  return words
}
