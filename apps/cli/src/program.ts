import { Command, Option } from '@commander-js/extra-typings'
import { IMAGE_FORMATS } from '@drayage/runtime'

import { createCommandContext, PROGRESS_KINDS } from './command-context.ts'
import { EXAMPLES, PROGRAM_HELP } from './help.ts'
import { addArchiveVerbs } from './program-archive.ts'
import { addLoginVerbs } from './program-login.ts'
import { addRegistryVerbs, addRemoteVerbs, addSync } from './program-remote.ts'
import {
  append,
  COMPRESSION,
  COMPRESSION_HELP,
  FORMAT,
  FORMATS,
  IMAGE_FORMAT_HELP,
  PLATFORM,
  type Run,
} from './program-run.ts'
import { escapeForTerminal } from './render/escape.ts'

/** What the verbs of a program share. */
export interface ProgramEnvironment {
  readonly version: string
  readonly signal: AbortSignal
}

/** The command line of `dray`. */
export function createProgram(environment: ProgramEnvironment): Command {
  const program = new Command('dray')
    .description(
      'Container image distribution in a shell: pull, push, look at, tag, save and copy images without a daemon',
    )
    .version(environment.version, '-v, --version', 'print the version')
    .option('--store <dir>', 'directory of the store (default: $DRAYAGE_STORE, else the data directory of the user)')
    .addOption(
      new Option('--progress <kind>', 'how progress is shown').choices(PROGRESS_KINDS).default('auto' as const),
    )
    .option('--debug', 'show the causes of errors')
    .addHelpText('after', PROGRAM_HELP)
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({ outputError: (text, write) => write(`dray: ${oneLine(text.replace(/^error: /, ''))}\n`) })
    .showHelpAfterError("See 'dray --help'.")
    .exitOverride()
  const run: Run = async (platform, work) => {
    const context = await createCommandContext(program.opts(), platform, environment.signal)
    await using _runtime = context.runtime
    try {
      await work(context)
    } finally {
      context.tellWarnings()
    }
  }
  addPull(program, run)
  addPush(program, run)
  addStoreVerbs(program, run)
  addNameVerbs(program, run)
  addSpaceVerbs(program, run)
  addArchiveVerbs(program, run)
  addSync(program, run)
  addRemoteVerbs(program, run)
  addRegistryVerbs(program, run)
  addLoginVerbs(program, run)
  addVersion(program, run, environment.version)
  for (const verb of program.commands) {
    const examples = EXAMPLES.get(verb.name())
    verb.showHelpAfterError(`See 'dray ${verb.name()} --help'.`)
    if (examples !== undefined) verb.addHelpText('after', `\nExamples:\n${examples}`)
  }
  return program
}

function oneLine(text: string): string {
  return escapeForTerminal(text.trimEnd().replaceAll('\n', ' '))
}

function addPull(program: Command, run: Run): void {
  program
    .command('pull')
    .description('bring images from a registry into the store')
    .argument('<ref...>', 'references such as alpine:3, ghcr.io/org/app@sha256:...')
    .option('-a, --all-tags', 'every tag of the repository')
    .option('-q, --quiet', 'print the full reference only')
    .option(PLATFORM, 'what the image must run on (default: this machine)')
    .action((refs, options) =>
      run(options.platform, async (context) =>
        (await import('./commands/pull.ts')).pullCommand(context, refs, options),
      ),
    )
}

function addPush(program: Command, run: Run): void {
  program
    .command('push')
    .description('send images of the store to the registry of their name')
    .argument('<ref...>', 'references such as ghcr.io/org/app:1.2')
    .option('-a, --all-tags', 'every tag of the repository')
    .option('-q, --quiet', 'print the full reference only')
    .option(PLATFORM, 'the image of an index for it, without the index')
    .addOption(new Option('--format <format>', IMAGE_FORMAT_HELP).choices(IMAGE_FORMATS))
    .option(COMPRESSION, COMPRESSION_HELP)
    .action((refs, options) =>
      run(undefined, async (context) => (await import('./commands/push.ts')).pushCommand(context, refs, options)),
    )
}

function addStoreVerbs(program: Command, run: Run): void {
  program
    .command('images')
    .alias('ls')
    .description('list the images of the store')
    .argument('[pattern]', 'a repository or reference, with * and ?')
    .option('-q, --quiet', 'print IDs only')
    .option('--digests', 'show digests')
    .option('--no-trunc', 'show whole IDs')
    .option(
      '-f, --filter <key=value>',
      'reference=, dangling=, label=, before= or since=; can be given again',
      append,
      [],
    )
    .option(FORMAT, FORMATS)
    .action((pattern, options) =>
      run(undefined, async (context) =>
        (await import('./commands/images.ts')).imagesCommand(context, pattern, options),
      ),
    )

  program
    .command('inspect')
    .description('show images of the store as JSON, with the field names of docker')
    .argument('<ref...>', 'references or IDs')
    .option('-f, --format <format>', 'json or a Go template')
    .action((refs, options) =>
      run(undefined, async (context) => (await import('./commands/inspect.ts')).inspectCommand(context, refs, options)),
    )

  program
    .command('history')
    .description('show how an image of the store was made')
    .argument('<ref>', 'a reference or ID')
    .option('-q, --quiet', 'print IDs only')
    .option('--no-trunc', 'show whole texts')
    .option(FORMAT, FORMATS)
    .action((ref, options) =>
      run(undefined, async (context) => (await import('./commands/history.ts')).historyCommand(context, ref, options)),
    )
}

function addNameVerbs(program: Command, run: Run): void {
  program
    .command('tag')
    .description('give an image of the store another name')
    .argument('<source>', 'a reference or ID')
    .argument('<target>', 'the new name')
    .action((source, target) =>
      run(undefined, async (context) => (await import('./commands/tag.ts')).tagCommand(context, source, target)),
    )

  program
    .command('rmi')
    .description('take names away, and images that have none left')
    .argument('<ref...>', 'references or IDs')
    .option('-f, --force', 'also an ID with several names')
    .action((refs, options) =>
      run(undefined, async (context) => (await import('./commands/rmi.ts')).rmiCommand(context, refs, options)),
    )
}

function addSpaceVerbs(program: Command, run: Run): void {
  program
    .command('prune')
    .description('remove images without a tag, and what failed commands left')
    .option('-a, --all', 'also images with a tag')
    .option('-f, --filter <key=value>', 'label=, label!= or until=; can be given again', append, [])
    .action((options) =>
      run(undefined, async (context) => (await import('./commands/prune.ts')).pruneCommand(context, options)),
    )

  program
    .command('df')
    .description('show what the store takes on the disk')
    .option(FORMAT, FORMATS)
    .action((options) =>
      run(undefined, async (context) => (await import('./commands/df.ts')).dfCommand(context, options)),
    )
}

function addVersion(program: Command, run: Run, version: string): void {
  program
    .command('version')
    .description('print versions and where the store is')
    .option(FORMAT, 'json or a Go template')
    .action((options) =>
      run(undefined, async (context) =>
        (await import('./commands/version.ts')).versionCommand(context, version, options),
      ),
    )
}
