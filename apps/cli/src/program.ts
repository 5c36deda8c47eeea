import { Command, Option } from '@commander-js/extra-typings'
import { IMAGE_IDS } from '@drayage/runtime'

import { createCommandContext, PROGRESS_KINDS } from './command-context.ts'
import { lineOf } from './output/write-out.ts'
import { blobVerb } from './verbs/blob.ts'
import { catalogVerb } from './verbs/catalog.ts'
import { configVerb } from './verbs/config.ts'
import { copyVerb } from './verbs/copy.ts'
import { deleteVerb } from './verbs/delete.ts'
import { dfVerb } from './verbs/df.ts'
import { digestVerb } from './verbs/digest.ts'
import { fsckVerb } from './verbs/fsck.ts'
import { historyVerb } from './verbs/history.ts'
import { imagesVerb } from './verbs/images.ts'
import { inspectVerb } from './verbs/inspect.ts'
import { loadVerb } from './verbs/load.ts'
import { loginVerb } from './verbs/login.ts'
import { logoutVerb } from './verbs/logout.ts'
import { manifestVerb } from './verbs/manifest.ts'
import { pruneVerb } from './verbs/prune.ts'
import { pullVerb } from './verbs/pull.ts'
import { pushVerb } from './verbs/push.ts'
import { referrersVerb } from './verbs/referrers.ts'
import { rmiVerb } from './verbs/rmi.ts'
import { saveVerb } from './verbs/save.ts'
import { serveVerb } from './verbs/serve.ts'
import { syncVerb } from './verbs/sync.ts'
import { tagVerb } from './verbs/tag.ts'
import { tagsVerb } from './verbs/tags.ts'
import type { Run, Verb } from './verbs/verb.ts'
import { versionVerb } from './verbs/version.ts'

/** Every verb, in the groups and the order of the help. */
const VERBS: Readonly<Record<string, readonly Verb[]>> = {
  'Transfer images:': [pullVerb, pushVerb, copyVerb, syncVerb, saveVerb, loadVerb],
  'Manage the store:': [imagesVerb, inspectVerb, historyVerb, tagVerb, rmiVerb, pruneVerb, dfVerb, fsckVerb, serveVerb],
  'Look into registries:': [tagsVerb, digestVerb, manifestVerb, configVerb, blobVerb, referrersVerb, catalogVerb],
  'Change registries:': [deleteVerb, loginVerb, logoutVerb],
  'Other:': [versionVerb],
}

const HELP = `
Examples:
  dray pull alpine:3
  dray inspect alpine:3 --format '{{json .RootFS.Layers}}'
  dray save -o alpine.tar alpine:3             docker load and podman load read it
  dray copy docker://alpine:3 docker://registry.example/team/alpine:3
  dray manifest --raw alpine:3 | jq .

A reference without a host means docker.io, and one without a tag means latest. All dray processes share the store. An
interrupted command resumes where it stopped when it is run again. 'dray <command> --help' shows the options and
examples of a command.

Exit codes: 0 success, 1 failure, 2 usage error, 3 not found, 4 unauthorized or denied, 5 verification failed,
6 store busy or broken, 130/143 interrupted, 141 output closed.`

/** What the verbs of a program share. */
export interface ProgramEnvironment {
  readonly version: string
  readonly signal: AbortSignal
}

/** The command line of `dray`. */
export function createProgram(environment: ProgramEnvironment): Command {
  const program = new Command('dray')
    .description('Pull, push, inspect and copy container images without a daemon')
    .version(environment.version, '-v, --version', 'Print the version')
    .helpOption('-h, --help', 'Show help')
    .option('--store <dir>', 'Directory of the store (default: $DRAYAGE_STORE, or else the user data directory)')
    .addOption(new Option('--progress <kind>', 'How to show progress').choices(PROGRESS_KINDS).default('auto' as const))
    .option('--require-schema2', 'Refuse images that only Docker manifest schema 1 describes')
    .addOption(
      new Option('--trusted-realms <registry=host,...>', 'Token servers on another domain that may see your login')
        .env('DRAYAGE_TRUSTED_REALMS')
        .argParser(addToList),
    )
    .addOption(
      new Option(
        '--http-blobs <registry,...>',
        'Registries that may send for blobs from https to http, readable by all',
      )
        .env('DRAYAGE_HTTP_BLOBS')
        .argParser(addToList),
    )
    .addOption(
      new Option(
        '--image-id <kind>',
        'ID to show of an image: the digest of its config, or of what its name stands for',
      )
        .env('DRAYAGE_IMAGE_ID')
        .choices(IMAGE_IDS)
        .default('config' as const),
    )
    .option('--debug', 'Show the causes of errors')
    .addHelpText('after', HELP)
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({ outputError: (text, write) => write(`dray: ${oneLine(text.replace(/^error: /, ''))}\n`) })
    .showHelpAfterError("See 'dray --help'.")
    .exitOverride()
  const run: Run = async (work, settings = {}) => {
    const context = await createCommandContext(program.opts(), { ...environment, ...settings })
    await using _runtime = context.runtime
    try {
      await work(context)
    } finally {
      context.flushWarnings()
    }
  }
  for (const [heading, verbs] of Object.entries(VERBS)) {
    program.commandsGroup(heading)
    for (const { declare, examples } of verbs) {
      const verb = declare(program, run)
      verb.addHelpText('after', `\nExamples:${examples}`).showHelpAfterError(`See 'dray ${verb.name()} --help'.`)
    }
  }
  program.helpCommand('help [command]', 'Show help for a command')
  return program
}

/** The values of an option that is repeated, or lists several with commas. */
function addToList(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, ...text.split(',').filter((each) => each.trim() !== '')]
}

function oneLine(text: string): string {
  return lineOf(text.trimEnd().replaceAll('\n', ' '))
}
