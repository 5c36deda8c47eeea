import { FORMAT, type Verb } from './verb.ts'

/** Declares `dray fsck`. */
export const fsckVerb: Verb = {
  declare: (program, run) =>
    program
      .command('fsck')
      .description('Check that the store has all that its images need, as it came, and mend it')
      .argument('[names...]', 'Images to check; the whole store by default')
      .option('--deep', 'Read, inflate and hash everything, instead of looking at sizes, seals and the ends of files')
      .option('--repair', 'Bring damaged and missing content again from its registries, and make the rest again')
      .option(...FORMAT)
      .action((names, options) =>
        run(async (context) => (await import('../commands/fsck.ts')).fsckCommand(context, names, options)),
      ),
  examples: `
  dray fsck                                       what is missing, cut or replaced
  dray fsck --deep --repair                       every bit, mended from the registries
  dray fsck alpine:3 --format json

Fields: .State .Kind .What .Problem .NeededBy .Note
The exit code is 0 when nothing is wrong or all was mended, else 5. Other commands may run at the same time.`,
}
