import { append, PLATFORMS, type Verb } from './verb.ts'

/** Declares `dray rmi`. */
export const rmiVerb: Verb = {
  declare: (program, run) =>
    program
      .command('rmi')
      .description('Remove names, and images that have no name left')
      .argument('<ref...>', 'References or IDs')
      .option('-f, --force', 'Remove an ID that has several names, or a platform of what has a name')
      .option(PLATFORMS, 'Remove only these images of an index; its names and other images stay', append)
      .action((refs, options) =>
        run(async (context) => (await import('../commands/rmi.ts')).rmiCommand(context, refs, options)),
      ),
  examples: `
  dray rmi alpine:3                               the name, and the image if this was its last name
  dray rmi -f 4bcff63911fc                        the image with all its names
  dray rmi -f --platform linux/arm64 alpine:3     one image of the index that the name stands for
  dray rmi $(dray images -q --filter dangling=true)`,
}
