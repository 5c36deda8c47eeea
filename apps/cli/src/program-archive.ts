import { Option, type Command } from '@commander-js/extra-typings'
import { ARCHIVE_FORMATS, DEFAULT_ARCHIVE_FORMAT, IMAGE_FORMATS } from '@drayage/runtime'

import { append, COMPRESSION, COMPRESSION_HELP, IMAGE_FORMAT_HELP, PLATFORM, type Run } from './program-run.ts'

/** Adds the verbs between the store and archives, and between all places. */
export function addArchiveVerbs(program: Command, run: Run): void {
  program
    .command('save')
    .description('write images of the store to an archive or a layout')
    .argument('<ref...>', 'references or IDs; a name without a tag stands for all its tags')
    .option('-o, --output <file>', 'file or directory; - is stdout')
    .addOption(new Option('--as <format>', 'what is written').choices(ARCHIVE_FORMATS).default(DEFAULT_ARCHIVE_FORMAT))
    .action((refs, options) =>
      run(undefined, async (context) => (await import('./commands/save.ts')).saveCommand(context, refs, options)),
    )

  program
    .command('load')
    .description('bring the images of an archive into the store')
    .option(
      '-i, --input <file>',
      'an archive of docker, podman, skopeo or crane, also compressed, or a directory; - is stdin',
    )
    .option('-q, --quiet', 'no progress')
    .option(PLATFORM, 'which image of an index (default: this machine)')
    .action((options) =>
      run(options.platform, async (context) => (await import('./commands/load.ts')).loadCommand(context, options)),
    )

  program
    .command('copy')
    .description('copy images between registries, the store, archives, directories and a Docker Engine')
    .usage('[options] <source...> <target>')
    .argument(
      '<place...>',
      'sources, then the target: docker://REF, store:REF, oci:DIR[:TAG], oci-archive:FILE[:TAG], docker-archive:FILE[:REF], dir:DIR, docker-daemon:REF',
    )
    .option('--all', 'every platform of an index, as --index full')
    .addOption(
      new Option('--platform <os/arch[/variant],...>', 'which images of an index; can be given again')
        .argParser(append)
        .default([], 'this machine'),
    )
    .addOption(
      new Option(
        '--index <form>',
        'full: every image; sparse: the chosen ones, the index unchanged; rewrite: an index of the chosen ones',
      ).choices(['full', 'sparse', 'rewrite'] as const),
    )
    .option('--preserve-digests', 'copy nothing when a digest would change')
    .addOption(new Option('--format <format>', IMAGE_FORMAT_HELP).choices(IMAGE_FORMATS))
    .option(COMPRESSION, COMPRESSION_HELP)
    .option('--referrers', 'take along signatures, attestations and whatever else refers to what is copied')
    .addOption(
      new Option('--referrers-type <type>', 'only referrers of this artifact type; can be given again')
        .argParser(append)
        .default([], 'all'),
    )
    .option('--referrers-depth <levels>', 'how far referrers of referrers are followed (default: 3)')
    .option('--dry-run', 'print what would be done, and do nothing')
    .option('--json', 'with --dry-run: print it as JSON, an image a line')
    .option('-q, --quiet', 'no progress')
    .action((places, options) =>
      run(undefined, async (context) => (await import('./commands/copy.ts')).copyCommand(context, places, options)),
    )
}
