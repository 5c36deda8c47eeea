import { append, PLATFORMS, type Verb } from './verb.ts'

/** Declares `dray load`. */
export const loadVerb: Verb = {
  declare: (program, run) =>
    program
      .command('load')
      .description('Import the images of an archive into the store')
      .option('-i, --input <file>', 'Archive of docker, podman, skopeo or crane, or a layout; - is stdin', '-')
      .option('-q, --quiet', 'Show no progress')
      .option(PLATFORMS, 'Which images of an index to load (default: all that are there)', append)
      .action((options) => run(async (context) => (await import('../commands/load.ts')).loadCommand(context, options))),
  examples: `
  dray load -i alpine.tar
  docker save alpine:3 | dray load
  dray load -i layout                             an OCI layout in a directory`,
}
