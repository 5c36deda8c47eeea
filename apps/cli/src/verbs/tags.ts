import type { Verb } from './verb.ts'

/** Declares `dray tags`. */
export const tagsVerb: Verb = {
  declare: (program, run) =>
    program
      .command('tags')
      .description('List the tags of a repository in its registry')
      .argument('<repository>', 'A repository, such as ghcr.io/org/app')
      .action((repository) =>
        run(async (context) => (await import('../commands/tags.ts')).tagsCommand(context, repository)),
      ),
  examples: `
  dray tags alpine | tail -3`,
}
