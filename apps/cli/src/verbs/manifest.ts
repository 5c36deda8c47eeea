import { PLATFORM, type Verb } from './verb.ts'

/** Declares `dray manifest`. */
export const manifestVerb: Verb = {
  declare: (program, run) =>
    program
      .command('manifest')
      .description('Print a manifest or index of a registry')
      .argument('<ref>', 'A reference')
      .option('--raw', 'Print it byte for byte')
      .option(PLATFORM, 'Print the manifest of the image of an index for this platform')
      .action((ref, options) =>
        run(async (context) => (await import('../commands/manifest.ts')).manifestCommand(context, ref, options), {
          platform: options.platform,
        }),
      ),
  examples: `
  dray manifest alpine:3
  dray manifest --raw alpine:3 | sha256sum        the digest
  dray manifest --platform linux/arm64 alpine:3`,
}
