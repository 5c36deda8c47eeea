import type { Verb } from './verb.ts'

/** Declares `dray catalog`. */
export const catalogVerb: Verb = {
  declare: (program, run) =>
    program
      .command('catalog')
      .description('List the repositories of a registry, if it lists them')
      .argument('<host>', 'A registry, such as registry.example:5000')
      .action((host) => run(async (context) => (await import('../commands/catalog.ts')).catalogCommand(context, host))),
  examples: `
  dray catalog registry.example:5000 | head`,
}
