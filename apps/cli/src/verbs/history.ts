import { FORMAT, PLATFORM, type Verb } from './verb.ts'

/** Declares `dray history`. */
export const historyVerb: Verb = {
  declare: (program, run) =>
    program
      .command('history')
      .description('Show how an image of the store was made')
      .argument('<ref>', 'A reference or ID')
      .option('-q, --quiet', 'Print only IDs')
      .option('--no-trunc', 'Show full IDs and commands')
      .option(PLATFORM, 'Which image of an index (default: for this machine, else the first that is here)')
      .option(...FORMAT)
      .action((ref, options) =>
        run(async (context) => (await import('../commands/history.ts')).historyCommand(context, ref, options)),
      ),
  examples: `
  dray history alpine:3
  dray history --no-trunc --format '{{.CreatedBy}}' alpine:3

Fields: .ID .CreatedSince .CreatedAt .CreatedBy .Size .Comment`,
}
