import type { Verb } from './verb.ts'

/** Declares `dray logout`. */
export const logoutVerb: Verb = {
  declare: (program, run) =>
    program
      .command('logout')
      .description('Log out of a registry')
      .argument('[host]', 'A registry, such as registry.example:5000', 'docker.io')
      .action((host) => run(async (context) => (await import('../commands/logout.ts')).logoutCommand(context, host))),
  examples: `
  dray logout registry.example`,
}
