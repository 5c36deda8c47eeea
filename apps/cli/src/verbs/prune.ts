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
      .option('--filter <key=value>', 'Only remove images by label, label! or until; can be repeated', append)
      .option('--keep <count>', 'Also remove tags, except so many of each repository that were given last')
      .option('--max-size <size>', 'Also remove the images used least recently, until the store has this size')
      .option('--dry-run', 'Show what would be removed, and remove nothing')
      .option('-f, --force', 'Do not ask on a terminal')
      .action((options) =>
        run(async (context) => (await import('../commands/prune.ts')).pruneCommand(context, options)),
      ),
  examples: `
  dray prune                                      what nothing names any more
  dray prune -a --filter until=240h               every image created more than ten days ago
  dray prune -a --filter 'label!=keep'
  dray prune --keep 3 --dry-run                   show what goes when three tags of each repository stay
  dray prune --max-size 20GB                      the images used least recently go, until the rest fits

On a terminal it shows what would go and asks; without one, as in a script, it goes on.`,
}
