import { constants } from 'node:os'
import path from 'node:path'

import type { ContainerConfig } from '@drayage/manifest'

import { ImageChangeError } from '../errors.ts'
import { readDockerfile, readFlags, readInstruction, type Instruction } from './dockerfile-lines.ts'
import { readJsonTexts, readPairs } from './dockerfile-words.ts'
import { expandWord, type ExpandedWord } from './expand-word.ts'
import { exposedPorts } from './exposed-ports.ts'
import { readHealthcheck, type Healthcheck } from './healthcheck.ts'

/** A config that is being changed; the members are Docker's. */
type Changed = { -readonly [Member in keyof ContainerConfig]: ContainerConfig[Member] } & {
  ExposedPorts?: Record<string, unknown>
  OnBuild?: readonly string[]
  Healthcheck?: Healthcheck
}

type Expand = (word: string) => ExpandedWord

/** Changes a config, with the values that variables have before the instruction; `spend` counts ports. */
type Change = (config: Changed, expand: Expand, spend: (ports: number) => void) => void

/** The most ports that all instructions name together: more than there are. */
const MAX_PORTS = 262_144

/** Reads an instruction, before any is applied. */
type Reader = (instruction: Instruction, escape: string) => Change

/**
 * The config of a container that lines of a Dockerfile make: `CMD`, `ENTRYPOINT`, `ENV`, `EXPOSE`, `HEALTHCHECK`, `LABEL`,
 * `ONBUILD`, `STOPSIGNAL`, `USER`, `VOLUME` and `WORKDIR`, as Docker Engine's import and commit read them.
 *
 * @throws ImageChangeError `ERR_IMAGE_CHANGE` for any other instruction, and for one that cannot be read
 * @see Dockerfile reference
 */
export function applyChanges(changes: readonly string[]): ContainerConfig {
  if (changes.length === 0) return {}
  const { instructions, escape } = readDockerfile(changes.join('\n'))
  const readers = instructions.map((instruction) => {
    const reader = Object.hasOwn(READERS, instruction.name) ? READERS[instruction.name] : undefined
    if (reader === undefined) throw new ImageChangeError(`${instruction.name} is not a valid change command`)
    return () => reader(instruction, escape)
  })
  const config: Changed = {}
  let ports = 0
  const spend = (more: number): void => {
    ports += more
    if (ports > MAX_PORTS) throw new ImageChangeError('too many ports')
  }
  for (const change of readers.map((read) => read())) {
    const env = envOf(config)
    change(config, (word) => expandWord(word, env, escape), spend)
  }
  return config
}

function envOf({ Env = [] }: Changed): Map<string, string> {
  return new Map(Env.map((each) => [each.slice(0, each.indexOf('=')), each.slice(each.indexOf('=') + 1)]))
}

const READERS: Readonly<Record<string, Reader>> = {
  cmd: ({ flags, rest }) => {
    readFlags(flags)
    const Cmd = commandOf(rest)
    return (config) => void (config.Cmd = Cmd)
  },
  entrypoint: ({ flags, rest }) => {
    readFlags(flags)
    const entrypoint = rest === '' ? [] : commandOf(rest)
    return (config) => {
      if (entrypoint.length > 0) config.Entrypoint = entrypoint
      else delete config.Entrypoint
      // An empty command is as good as none.
      if (config.Cmd?.length === 0) delete config.Cmd
    }
  },
  env: ({ flags, rest }, escape) => {
    const pairs = readPairs(rest, 'ENV', escape)
    readFlags(flags)
    return (config, expand) => {
      const env = new Map((config.Env ?? []).map((each) => [each.slice(0, each.indexOf('=')), each]))
      for (const [key, value] of expandPairs(pairs, expand)) env.set(key, `${key}=${value}`)
      config.Env = [...env.values()]
    }
  },
  expose: ({ flags, rest }) => {
    const words = listOf(rest, 'EXPOSE')
    readFlags(flags)
    return (config, expand, spend) => {
      config.ExposedPorts ??= {}
      for (const word of words.toSorted().flatMap((each) => expand(each).words)) {
        const ports = exposedPorts(word)
        spend(ports.length)
        for (const port of ports) config.ExposedPorts[port] = {}
      }
    }
  },
  healthcheck: (instruction) => {
    const healthcheck = readHealthcheck(instruction)
    return (config) => void (config.Healthcheck = healthcheck)
  },
  label: ({ flags, rest }, escape) => {
    const pairs = readPairs(rest, 'LABEL', escape)
    readFlags(flags)
    return (config, expand) => {
      config.Labels = { ...config.Labels, ...Object.fromEntries(expandPairs(pairs, expand)) }
    }
  },
  onbuild: ({ flags, rest, line }) => {
    if (rest === '') throw new ImageChangeError('ONBUILD requires at least one argument')
    readFlags(flags)
    const { name } = readInstruction(rest)
    if (name === 'onbuild') throw new ImageChangeError("Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed")
    if (name === 'maintainer' || name === 'from') {
      throw new ImageChangeError(`${name.toUpperCase()} isn't allowed as an ONBUILD trigger`)
    }
    const trigger = line.replace(/^\s*ONBUILD\s*/i, '')
    return (config) => void (config.OnBuild = [...(config.OnBuild ?? []), trigger])
  },
  stopsignal: ({ rest }) => {
    const text = oneOf(rest, 'STOPSIGNAL')
    return (config, expand) => void (config.StopSignal = signalOf(expand(text).text))
  },
  user: ({ flags, rest }) => {
    const user = oneOf(rest, 'USER')
    readFlags(flags)
    return (config, expand) => void (config.User = expand(user).text)
  },
  volume: ({ flags, rest }) => {
    const words = (readJsonTexts(rest) ?? listOf(rest, 'VOLUME')).map((each) => each.trim())
    if (words.length === 0) throw new ImageChangeError('VOLUME requires at least one argument')
    readFlags(flags)
    if (words.includes('')) throw new ImageChangeError(NO_VOLUME)
    return (config, expand) => {
      const volumes = words.map((word) => expand(word).text)
      if (volumes.includes('')) throw new ImageChangeError(NO_VOLUME)
      config.Volumes = { ...config.Volumes, ...emptyObjects(volumes) }
    }
  },
  workdir: ({ flags, rest }) => {
    const directory = oneOf(rest, 'WORKDIR')
    readFlags(flags)
    return (config, expand) => {
      const { text } = expand(directory)
      if (text === '') throw new ImageChangeError('cannot normalize nothing')
      const joined = path.posix.join('/', config.WorkingDir ?? '', text)
      config.WorkingDir = text.startsWith('/') ? text : joined.replace(/(?<=.)\/$/, '')
    }
  },
}

const NO_VOLUME = 'VOLUME specified can not be an empty string'

/** A JSON array of texts, or a line for the shell. */
function commandOf(rest: string): readonly string[] {
  return readJsonTexts(rest) ?? ['/bin/sh', '-c', ...(rest === '' ? [] : [rest])]
}

function oneOf(rest: string, instruction: string): string {
  if (rest === '') throw new ImageChangeError(`${instruction} requires exactly one argument`)
  return rest
}

function listOf(rest: string, instruction: string): readonly string[] {
  if (rest === '') throw new ImageChangeError(`${instruction} requires at least one argument`)
  return rest.split(/[\t\v\f\r ]+/)
}

function expandPairs(pairs: readonly (readonly [string, string])[], expand: Expand): (readonly [string, string])[] {
  return pairs.map(([key, value]) => [expand(key).text, expand(value).text])
}

function emptyObjects(names: readonly string[]): Readonly<Record<string, object>> {
  return Object.fromEntries(names.map((name) => [name, {}]))
}

/** A number other than 0, or a name with or without `SIG`. */
function signalOf(text: string): string {
  const name = text.toUpperCase().replace(/^SIG/, '')
  const isNumber = /^[+-]?\d+$/.test(text) && Number(text) !== 0
  const isRealTime = /^RTM(?:IN(?:\+(?:[1-9]|1[0-5]))?|AX(?:-(?:[1-9]|1[0-4]))?)$/.test(name)
  if (isNumber || isRealTime || Object.hasOwn(constants.signals, `SIG${name}`)) return text
  throw new ImageChangeError(`Invalid signal: ${text}`)
}
