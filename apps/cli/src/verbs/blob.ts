import type { Verb } from './verb.ts'

/** Declares `dray blob`. */
export const blobVerb: Verb = {
  declare: (program, run) =>
    program
      .command('blob')
      .description('Print a blob of a registry, byte for byte')
      .argument('<repository@digest>', 'A blob, such as ghcr.io/org/app@sha256:...')
      .action((name) => run(async (context) => (await import('../commands/blob.ts')).blobCommand(context, name))),
  examples: `
  dray blob ghcr.io/org/app@sha256:0123... > layer.tar.gz
  dray blob ghcr.io/org/app@sha256:0123... | tar -tz

Nothing is printed of a blob whose bytes are not those of its digest: the exit code is 5. Of one with more than
8.39MB the bytes are printed as they come, and a warning says so: look at the exit code before you use them.`,
}
