import { ImageChangeError } from '../errors.ts'
import { readFlags, type Instruction } from './dockerfile-lines.ts'
import { readJsonTexts } from './dockerfile-words.ts'

/** How a container is found to work; durations are in nanoseconds. @see Docker image specification v1.2, "Healthcheck" */
export interface Healthcheck {
  readonly Test: readonly string[]
  readonly Interval?: number
  readonly Timeout?: number
  readonly StartPeriod?: number
  readonly Retries?: number
}

/** Reads `HEALTHCHECK [flags] CMD command` and `HEALTHCHECK NONE`. @throws ImageChangeError `ERR_IMAGE_CHANGE` */
export function readHealthcheck({ flags, rest }: Pick<Instruction, 'flags' | 'rest'>): Healthcheck {
  const [, word = '', command = ''] = /^(\S*)\s*([^]*)$/.exec(rest) ?? []
  if (word === '') throw new ImageChangeError('HEALTHCHECK requires at least one argument')
  const type = word.toUpperCase()
  const texts = readJsonTexts(command)
  if (type === 'NONE') {
    if (command !== '' && texts?.length !== 0) throw new ImageChangeError('HEALTHCHECK NONE takes no arguments')
    return { Test: [type] }
  }
  const given = readFlags(flags, ['interval', 'timeout', 'start-period', 'retries'])
  if (type !== 'CMD') throw new ImageChangeError(`Unknown type ${JSON.stringify(type)} in HEALTHCHECK (try CMD)`)
  if (command === '' || texts?.length === 0) throw new ImageChangeError('Missing command after HEALTHCHECK CMD')
  const durations = {
    Interval: durationOf('interval', given),
    Timeout: durationOf('timeout', given),
    StartPeriod: durationOf('start-period', given),
    Retries: retriesOf(given.get('retries') ?? ''),
  }
  const set = Object.fromEntries(Object.entries(durations).filter(([, value]) => value !== 0))
  return { Test: texts === undefined ? ['CMD-SHELL', command] : ['CMD', ...texts], ...set }
}

/** The shortest time that Docker Engine takes: 1 ms. */
const MIN_NS = 1_000_000

function durationOf(flag: string, given: ReadonlyMap<string, string>): number {
  const text = given.get(flag) ?? ''
  if (text === '') return 0
  const nanoseconds = parseDuration(text)
  if (nanoseconds >= MIN_NS) return nanoseconds
  throw new ImageChangeError(`Interval ${JSON.stringify(flag)} cannot be less than 1ms`)
}

const UNIT_NS: ReadonlyMap<string, number> = new Map([
  ['ns', 1],
  ['us', 1e3],
  ['µs', 1e3],
  ['μs', 1e3],
  ['ms', 1e6],
  ['s', 1e9],
  ['m', 60e9],
  ['h', 3600e9],
])

/** The longest duration that Go has. */
const MAX_NS = 2 ** 63

/** A duration as Go writes it, `1m30s`, in nanoseconds. */
function parseDuration(text: string): number {
  const invalid = new ImageChangeError(`time: invalid duration ${JSON.stringify(text)}`)
  const [, sign, rest = ''] = /^([+-]?)([^]*)$/.exec(text) ?? []
  if (rest === '0') return 0
  if (rest === '') throw invalid
  let total = 0
  for (let at = 0; at < rest.length;) {
    const [all = '', number = '', unit = ''] = /^(\d+\.?\d*|\.\d+)([^.\d]*)/.exec(rest.slice(at)) ?? []
    if (number === '') throw invalid
    if (unit === '') throw new ImageChangeError(`time: missing unit in duration ${JSON.stringify(text)}`)
    const factor = UNIT_NS.get(unit)
    if (factor === undefined) {
      throw new ImageChangeError(`time: unknown unit ${JSON.stringify(unit)} in duration ${JSON.stringify(text)}`)
    }
    total += Number(number) * factor
    at += all.length
  }
  if (total >= MAX_NS) throw invalid
  return sign === '-' ? -Math.trunc(total) : Math.trunc(total)
}

function retriesOf(text: string): number {
  if (text === '') return 0
  const parsing = `strconv.ParseInt: parsing ${JSON.stringify(text)}`
  if (!/^[+-]?\d+$/.test(text)) throw new ImageChangeError(`${parsing}: invalid syntax`)
  const retries = Number(text)
  if (retries > 2 ** 31 - 1 || retries < -(2 ** 31)) throw new ImageChangeError(`${parsing}: value out of range`)
  if (retries < 1) throw new ImageChangeError(`--retries must be at least 1 (not ${retries})`)
  return retries
}
