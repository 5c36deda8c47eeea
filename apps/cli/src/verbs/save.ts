import { Option } from '@commander-js/extra-typings'
import { ARCHIVE_FORMATS, DEFAULT_ARCHIVE_FORMAT } from '@drayage/runtime'

import { append, PLATFORMS, type Verb } from './verb.ts'

/** Declares `dray save`. */
export const saveVerb: Verb = {
  declare: (program, run) =>
    program
      .command('save')
      .description('Write images of the store to an archive or a layout')
      .argument('<ref...>', 'References or IDs; a name without a tag stands for all its tags')
      .option('-o, --output <file>', 'File or directory to write; - is stdout', '-')
      .addOption(
        new Option('--as <format>', 'Kind of archive').choices(ARCHIVE_FORMATS).default(DEFAULT_ARCHIVE_FORMAT),
      )
      .option(PLATFORMS, 'Which images of an index to save; one goes without the index (default: all here)', append)
      .action((refs, options) =>
        run(async (context) => (await import('../commands/save.ts')).saveCommand(context, refs, options)),
      ),
  examples: `
  dray save -o images.tar alpine:3 busybox        docker load -i images.tar
  dray save alpine:3 | podman load
  dray save --platform linux/arm64 -o arm64.tar alpine:3
  dray save --as oci -o layout alpine:3           an OCI layout, digests unchanged

An index is kept with all that is here of it; a docker-archive holds one image.`,
}
