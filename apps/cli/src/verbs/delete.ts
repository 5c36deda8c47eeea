import type { Verb } from './verb.ts'

/** Declares `dray delete`. */
export const deleteVerb: Verb = {
  declare: (program, run) =>
    program
      .command('delete')
      .description('Delete a tag from its registry, or a manifest by its digest')
      .argument('<ref>', 'A reference with a tag or a digest')
      .option('-f, --force', 'If the registry cannot delete only the tag, delete its manifest with all tags')
      .action((ref, options) =>
        run(async (context) => (await import('../commands/delete.ts')).deleteCommand(context, ref, options)),
      ),
  examples: `
  dray delete registry.example/team/app:old       the tag; its manifest and other tags stay
  dray delete registry.example/team/app@sha256:0123...
  dray delete --force registry.example/team/app:old

Some registries cannot delete a tag alone. Then nothing is deleted without --force, which deletes the manifest and with
it all its tags.`,
}
