import { FORMAT, type Verb } from './verb.ts'

/** Declares `dray referrers`. */
export const referrersVerb: Verb = {
  declare: (program, run) =>
    program
      .command('referrers')
      .description('List what refers to a manifest in its registry, such as signatures')
      .argument('<ref>', 'A reference')
      .option('--artifact-type <type>', 'Only list referrers of this type')
      .option(...FORMAT)
      .action((ref, options) =>
        run(async (context) => (await import('../commands/referrers.ts')).referrersCommand(context, ref, options)),
      ),
  examples: `
  dray referrers ghcr.io/org/app:1
  dray referrers --artifact-type application/spdx+json ghcr.io/org/app@sha256:0123...
  dray referrers --format json ghcr.io/org/app:1 | jq -r .Digest

Each line has a digest and an artifact type.
Fields: .Digest .ArtifactType .MediaType .Size .Annotations`,
}
