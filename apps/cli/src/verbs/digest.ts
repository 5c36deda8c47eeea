import { PLATFORM, type Verb } from './verb.ts'

/** Declares `dray digest`. */
export const digestVerb: Verb = {
  declare: (program, run) =>
    program
      .command('digest')
      .description('Print the digests that references resolve to in their registry')
      .argument('<ref...>', 'References')
      .option(PLATFORM, 'Print the digest of the image of an index for this platform')
      .action((refs, options) =>
        run(async (context) => (await import('../commands/digest.ts')).digestCommand(context, refs, options), {
          platform: options.platform,
        }),
      ),
  examples: `
  dray digest alpine:3                            of the index, which all platforms share
  dray digest --platform linux/arm64 alpine:3     of the image for this platform`,
}
