import { Option } from '@commander-js/extra-typings'
import { FOREIGN_LAYERS, IMAGE_FORMATS } from '@drayage/runtime'

import { append, COMPRESSION, FOREIGN, MANIFEST_FORMAT, PLATFORMS, type Verb } from './verb.ts'

/** Declares `dray push`. */
export const pushVerb: Verb = {
  declare: (program, run) =>
    program
      .command('push')
      .description('Upload images of the store to the registry of their name')
      .argument('<ref...>', 'References, such as ghcr.io/org/app:1.2')
      .option('-a, --all-tags', 'Push every tag of the repository')
      .option('-q, --quiet', 'Print only the full reference')
      .option(PLATFORMS, 'Which images of an index to push; one goes without the index (default: all here)', append)
      .option('--sparse', 'Push an index although the registry will not have all that it lists')
      .addOption(new Option(...MANIFEST_FORMAT).choices(IMAGE_FORMATS))
      .option(...COMPRESSION)
      .addOption(new Option(...FOREIGN).choices(FOREIGN_LAYERS))
      .action((refs, options) =>
        run(async (context) => (await import('../commands/push.ts')).pushCommand(context, refs, options), {
          foreignLayers: options.foreignLayers,
        }),
      ),
  examples: `
  dray push registry.example/team/app:1.2
  dray push -a registry.example/team/app          every tag of the repository
  dray push --platform linux/arm64 registry.example/team/app:1.2   one image, without its index
  dray push --sparse registry.example/team/app:1.2                 the index, with what is here of it
  dray push --compression zstd:9 registry.example/team/app:1.2
  dray push --manifest-format v2s2 --compression gzip registry.example/team/app:1.2

An index is pushed if the registry has all that it lists afterwards: what is not here has to be there already. Digests do
not change unless --manifest-format or --compression ask for it, which make an index of what is here. Content that the
registry has is not sent again, and content that another of its repositories has is mounted. After a failure, run the
command again: it resumes the upload.`,
}
