import { Option } from '@commander-js/extra-typings'
import { FOREIGN_LAYERS } from '@drayage/runtime'

import { append, FOREIGN, PLATFORMS, type Verb } from './verb.ts'

/** Declares `dray pull`. */
export const pullVerb: Verb = {
  declare: (program, run) =>
    program
      .command('pull')
      .description('Download images from a registry into the store')
      .argument('<ref...>', 'References, such as alpine:3 or ghcr.io/org/app@sha256:...')
      .option('-a, --all-tags', 'Pull every tag of the repository')
      .option('-q, --quiet', 'Print only the full reference')
      .option(PLATFORMS, 'Which images of an index to pull (default: for this machine)', append)
      .addOption(new Option('--all-platforms', 'Pull all that an index lists').conflicts('platform'))
      .addOption(new Option(...FOREIGN).choices(FOREIGN_LAYERS))
      .action((refs, options) =>
        run(async (context) => (await import('../commands/pull.ts')).pullCommand(context, refs, options), {
          foreignLayers: options.foreignLayers,
        }),
      ),
  examples: `
  dray pull alpine                                docker.io/library/alpine:latest
  dray pull ghcr.io/org/app@sha256:0123...        exactly these bytes
  dray pull --platform linux/arm/v7 alpine:3
  dray pull --platform linux/amd64,linux/arm64 alpine:3
  dray pull -a registry.example/team/app          every tag
  dray pull --progress json alpine:3              the JSON lines of Docker Engine

Images of other platforms that are here under the same index stay. Every layer is verified before the image appears. After a failure, run the command again: it resumes where it stopped.
Logins are those of docker and podman.`,
}
