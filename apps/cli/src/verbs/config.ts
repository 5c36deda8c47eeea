import { PLATFORM, type Verb } from './verb.ts'

/** Declares `dray config`. */
export const configVerb: Verb = {
  declare: (program, run) =>
    program
      .command('config')
      .description('Print the config of an image of a registry')
      .argument('<ref>', 'A reference')
      .option('--raw', 'Print it byte for byte')
      .option(PLATFORM, 'Which image of an index to look at (default: for this machine)')
      .action((ref, options) =>
        run(async (context) => (await import('../commands/config.ts')).configCommand(context, ref, options), {
          platform: options.platform,
        }),
      ),
  examples: `
  dray config alpine:3
  dray config --raw alpine:3 | jq .config.Env`,
}
