import { append, type Verb } from './verb.ts'

/** Declares `dray prune`. */
export const pruneVerb: Verb = {
  declare: (program, run) =>
    program
      .command('prune')
      .description(
        'Remove images without a tag or a digest that they were pulled by, and what failed commands left behind',
      )
      .option('-a, --all', 'Also remove images that have one')
      .option('-f, --filter <key=value>', 'Filter by label, label! or until; can be repeated', append)
      .action((options) =>
        run(async (context) => (await import('../commands/prune.ts')).pruneCommand(context, options)),
      ),
  examples: `
  dray prune                                      what nothing names any more
  dray prune -a --filter until=240h               every image created more than ten days ago
  dray prune -a --filter 'label!=keep'`,
}
