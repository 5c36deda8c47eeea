import { Command } from '@commander-js/extra-typings'

import { createCommandContext, type CommandContext, type GlobalOptions } from './command-context.ts'

/** What the verbs of a program share. */
export interface ProgramEnvironment {
  readonly version: string
  readonly signal: AbortSignal
}

const EXAMPLES = `
Look without pulling:
  dray tags ghcr.io/org/app
  dray digest alpine:3
  dray manifest --raw alpine | jq .

Pull, look, save:
  dray pull alpine:3
  dray pull --platform linux/arm64 alpine:3
  dray images
  dray inspect alpine:3 --format '{{json .RootFS.Layers}}'
  dray save -o alpine.tar alpine:3          docker load and podman load take it
  dray save --as oci -o alpine-oci alpine:3 an OCI layout, digests unchanged

Without the store:
  dray copy docker://alpine:3 oci:alpine-oci:3

A reference without a host means docker.io, one without a tag means latest. The store is shared by all dray
processes; a pull that was interrupted goes on where it stopped when it is run again.

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 not found, 4 unauthorised or denied, 5 verification failed,
6 store busy or broken, 130/143 interrupted.`

/** The command line of `dray`. */
export function createProgram(environment: ProgramEnvironment): Command {
  const program = new Command('dray')
    .description('Container image distribution in a shell: pull, look at, tag, save and copy images without a daemon')
    .version(environment.version, '-v, --version')
    .option('--store <dir>', 'directory of the store (default: $DRAYAGE_STORE, else the data directory of the user)')
    .option('--progress <kind>', 'auto, tty, plain, json or none', 'auto')
    .option('--debug', 'show the causes of errors')
    .addHelpText('after', EXAMPLES)
    .showHelpAfterError('(dray --help lists the commands)')
    .exitOverride()

  const run = async (
    platform: string | undefined,
    work: (context: CommandContext) => Promise<void>,
  ): Promise<void> => {
    const context = await createCommandContext(program.opts() satisfies GlobalOptions, platform, environment.signal)
    await using _runtime = context.runtime
    await work(context)
  }

  program
    .command('pull')
    .description('bring images from a registry into the store')
    .argument('<ref...>', 'references such as alpine:3, ghcr.io/org/app@sha256:...')
    .option('-a, --all-tags', 'every tag of the repository')
    .option('-q, --quiet', 'print the full reference only')
    .option('--platform <os/arch[/variant]>', 'what the image must run on (default: this machine)')
    .action((refs, options) =>
      run(options.platform, async (context) => (await import('./commands/pull.ts')).pullCommand(context, refs, options)),
    )

  program
    .command('images')
    .alias('ls')
    .description('list the images of the store')
    .argument('[pattern]', 'a repository or reference, with * and ?')
    .option('-q, --quiet', 'print IDs only')
    .option('--digests', 'show digests')
    .option('--no-trunc', 'show whole IDs')
    .option('-f, --filter <key=value...>', 'reference=, dangling=, label=, before=, since=')
    .option('--format <format>', 'json, table or a Go template')
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
      run(undefined, async (context) =>
        (await import('./commands/inspect.ts')).inspectCommand(context, refs, options),
      ),
    )

  program
    .command('history')
    .description('show how an image of the store was made')
    .argument('<ref>', 'a reference or ID')
    .option('-q, --quiet', 'print IDs only')
    .option('--no-trunc', 'show whole texts')
    .option('--format <format>', 'json, table or a Go template')
    .action((ref, options) =>
      run(undefined, async (context) =>
        (await import('./commands/history.ts')).historyCommand(context, ref, options),
      ),
    )

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

  program
    .command('save')
    .description('write images of the store to an archive or a layout')
    .argument('<ref...>', 'references or IDs')
    .option('-o, --output <file>', 'file or directory; - is stdout')
    .option('--as <format>', 'docker-archive or oci', 'docker-archive')
    .action((refs, options) =>
      run(undefined, async (context) => (await import('./commands/save.ts')).saveCommand(context, refs, options)),
    )

  program
    .command('copy')
    .description('copy an image between docker://REF, store:REF, oci:DIR[:TAG] and docker-archive:FILE[:REF]')
    .argument('<source>', 'docker://REF or store:REF; without a prefix a registry')
    .argument('<target>', 'oci:DIR[:TAG] or docker-archive:FILE[:REF]')
    .option('--all', 'every platform of an index')
    .option('-q, --quiet', 'no progress')
    .option('--platform <os/arch[/variant]>', 'which image of an index (default: this machine)')
    .action((source, target, options) =>
      run(options.platform, async (context) =>
        (await import('./commands/copy.ts')).copyCommand(context, source, target, options),
      ),
    )

  program
    .command('tags')
    .description('list the tags of a repository in its registry')
    .argument('<repository>', 'such as ghcr.io/org/app')
    .action((repository) =>
      run(undefined, async (context) => (await import('./commands/look.ts')).tagsCommand(context, repository)),
    )

  program
    .command('digest')
    .description('print what references stand for in their registry')
    .argument('<ref...>', 'references')
    .option('--platform <os/arch[/variant]>', 'of the image for this platform in an index')
    .action((refs, options) =>
      run(options.platform, async (context) =>
        (await import('./commands/look.ts')).digestCommand(context, refs, options),
      ),
    )

  program
    .command('manifest')
    .description('print a manifest or index of a registry')
    .argument('<ref>', 'a reference')
    .option('--raw', 'byte for byte')
    .option('--platform <os/arch[/variant]>', 'of the image for this platform in an index')
    .action((ref, options) =>
      run(options.platform, async (context) =>
        (await import('./commands/look.ts')).manifestCommand(context, ref, options),
      ),
    )

  program
    .command('config')
    .description('print the config of an image of a registry')
    .argument('<ref>', 'a reference')
    .option('--raw', 'byte for byte')
    .option('--platform <os/arch[/variant]>', 'of the image for this platform in an index')
    .action((ref, options) =>
      run(options.platform, async (context) =>
        (await import('./commands/look.ts')).configCommand(context, ref, options),
      ),
    )

  program
    .command('version')
    .description('print versions and where the store is')
    .option('--format <format>', 'json')
    .action((options) =>
      run(undefined, async (context) =>
        (await import('./commands/version.ts')).versionCommand(context, environment.version, options),
      ),
    )

  return program as unknown as Command
}
