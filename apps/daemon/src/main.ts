import path from 'node:path'
import process from 'node:process'

import { Command, CommanderError } from '@commander-js/extra-typings'
import { DrayageError, escapeText } from '@drayage/bytes'
import { checkStore, createRuntime, findingText } from '@drayage/runtime'

import { readConfig, type Config, type ConfigSources } from './config/config.ts'
import { defaultText, flagOf, OPTION_TABLE, variableOf, type OptionRow } from './config/option-table.ts'
import { checkConfig } from './config/check-config.ts'
import { readVersion, startDaemon } from './daemon.ts'
import { ConfigError, reasonOf } from './errors.ts'
import { notifySystemd } from './listen/systemd.ts'

/** Exit codes of `drayd`. */
const EXIT = { done: 0, failed: 1, usage: 2, unverified: 5 } as const

/** Runs one command line: the daemon until it is stopped, or a check. Resolves to the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  const program = new Command('drayd')
    .description('The image part of Docker Engine, for the docker command and every other client of its API')
    .version(readVersion(), '-v, --version', 'Print the version')
    .helpOption('-h, --help', 'Show help')
    .helpCommand('help [command]', 'Show help for a command')
    .option('--config <file>', 'Configuration file in TOML [$DRAYD_CONFIG]')
    .exitOverride()
  for (const row of OPTION_TABLE) {
    const flag = `${flagOf(row)} ${row.kind === 'switch' ? '' : '<value>'}`
    if (row.kind === 'texts') program.option(flag, helpOf(row), gathered)
    else program.option(flag, helpOf(row))
  }
  let sources: ConfigSources = { flags: new Map(), env: process.env }
  const read = (): ConfigSources => sourcesOf(program.opts())
  program.action(() => void (sources = read()))
  let work: (sources: ConfigSources) => Promise<number> = run
  program
    .command('check-config')
    .description('Check the configuration, report what is wrong with it, and print its values')
    .action(() => {
      work = check
      sources = read()
    })
  program
    .command('check')
    .description(
      'Check the store as `dray fsck` does, beside a daemon that runs; the exit code is 5 when something is wrong',
    )
    .action(() => {
      work = checkStored
      sources = read()
    })
  try {
    program.parse(args, { from: 'user' })
    return await work(sources)
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage
    process.stderr.write(`drayd: ${lineOf(reasonOf(error))}\n`)
    if (error instanceof DrayageError && error.hint !== undefined) process.stderr.write(`hint: ${lineOf(error.hint)}\n`)
    return error instanceof ConfigError ? EXIT.usage : EXIT.failed
  }
}

/** Joins the values of a flag that is given several times to a list. */
function gathered(value: string, before: string | undefined): string {
  return before === undefined ? value : `${before},${value}`
}

/** Foreign text as a part of one line. */
function lineOf(text: string): string {
  return escapeText(text, 1024)
}

function helpOf(row: OptionRow): string {
  const text = defaultText(row)
  const fallback = text === undefined ? '' : ` (default: ${text})`
  return `${row.help}${fallback} [$${variableOf(row)}]`
}

/** The flags by the key of their option; commander gives them in camel case. */
function sourcesOf(given: Readonly<Record<string, unknown>>): ConfigSources {
  const flags = new Map<string, string>()
  for (const row of OPTION_TABLE) {
    const name = flagOf(row)
      .slice(2)
      .replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())
    const value = given[name]
    if (typeof value === 'string' || typeof value === 'boolean') flags.set(row.key, String(value))
  }
  const file = given['config'] ?? process.env['DRAYD_CONFIG']
  return { flags, env: process.env, ...(typeof file === 'string' && file !== '' ? { file } : {}) }
}

async function check(sources: ConfigSources): Promise<number> {
  const config = await readConfig(sources)
  const { values } = config
  await checkConfig(config, process.env)
  for (const [key, value] of values) process.stdout.write(`${key} = ${JSON.stringify(value)}\n`)
  return EXIT.done
}

async function checkStored(sources: ConfigSources): Promise<number> {
  const config = await readConfig(sources)
  const store = config.text('store')
  await using runtime = await createRuntime({ ...(store !== undefined && { storeDirectory: path.resolve(store) }) })
  let exit: number = EXIT.done
  for await (const finding of checkStore(runtime)) {
    if (finding.state === 'fault') exit = EXIT.unverified
    process.stdout.write(`${lineOf(findingText(finding))}\n`)
  }
  return exit
}

async function run(sources: ConfigSources): Promise<number> {
  let config = await readConfig(sources)
  await using daemon = await startDaemon(config)
  // Before anything says that it runs, since what reads that may stop it at once.
  const ending = ended()
  const { log, places } = daemon
  log.info({ places, pid: process.pid }, 'listening')
  const reload = async (): Promise<void> => {
    await notifySystemd('RELOADING=1', process.env)
    try {
      const changed = await readConfig(sources)
      await daemon.reload(changed)
      const later = needRestart(config, changed)
      config = changed
      log.info('configuration applied')
      if (later.length > 0) log.warn({ options: later }, 'these options change after a restart')
    } catch (err) {
      log.error({ err }, 'configuration kept: the new one is unusable')
    }
    await notifySystemd('READY=1', process.env)
  }
  process.on('SIGHUP', () => void reload())
  await notifySystemd('READY=1', process.env)
  const signal = await ending
  log.info({ signal }, 'ending')
  await notifySystemd('STOPPING=1', process.env)
  return EXIT.done
}

/** The options that have changed and only apply after a restart. */
function needRestart(before: Config, after: Config): string[] {
  const text = ({ values }: Config, key: string): string => JSON.stringify(values.get(key) ?? null)
  return OPTION_TABLE.filter(({ key, isLive }) => isLive !== true && text(before, key) !== text(after, key)).map(
    ({ key }) => key,
  )
}

/** Waits for the signal to stop; the next one ends the program at once, as if nothing listened for it. */
async function ended(): Promise<string> {
  const signals = ['SIGINT', 'SIGTERM'] as const
  return await new Promise<string>((resolve) => {
    const end = (signal: string): void => {
      for (const each of signals) process.off(each, end)
      resolve(signal)
    }
    for (const signal of signals) process.on(signal, end)
  })
}
