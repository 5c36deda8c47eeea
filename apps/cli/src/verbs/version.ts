import { FORMAT, type Verb } from './verb.ts'

/** Declares `dray version`. */
export const versionVerb: Verb = {
  declare: (program, run) =>
    program
      .command('version')
      .description('Print the versions of dray and Node, and the directory of the store')
      .option(...FORMAT)
      .action((options) =>
        run(async (context) => (await import('../commands/version.ts')).versionCommand(context, options)),
      ),
  examples: `
  dray version --format '{{.Store}}'

Fields: .Version .Node .Os .Arch .Store`,
}
