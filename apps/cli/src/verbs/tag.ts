import type { Verb } from './verb.ts'

/** Declares `dray tag`. */
export const tagVerb: Verb = {
  declare: (program, run) =>
    program
      .command('tag')
      .description('Give an image of the store another name')
      .argument('<source>', 'A reference or ID')
      .argument('<target>', 'The new name')
      .action((source, target) =>
        run(async (context) => (await import('../commands/tag.ts')).tagCommand(context, source, target)),
      ),
  examples: `
  dray tag alpine:3 registry.example/base:3
  dray tag 4bcff63911fc base                      the start of an ID is enough`,
}
