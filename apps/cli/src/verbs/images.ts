import { append, FORMAT, type Verb } from './verb.ts'

/** Declares `dray images`. */
export const imagesVerb: Verb = {
  declare: (program, run) =>
    program
      .command('images')
      .alias('ls')
      .description('List the images of the store')
      .argument('[pattern]', 'A repository or reference, with * and ?')
      .option('-q, --quiet', 'Print only IDs')
      .option('--digests', 'Show digests')
      .option('--tree', 'Show the images and attestations of each index, also those that are not here')
      .option('--no-trunc', 'Show full IDs')
      .option(
        '-f, --filter <key=value>',
        'Filter by reference, dangling, label, before or since; can be repeated',
        append,
      )
      .option(...FORMAT)
      .action((pattern, options) =>
        run(async (context) => (await import('../commands/images.ts')).imagesCommand(context, pattern, options)),
      ),
  examples: `
  dray images 'alpine:3*'
  dray images -q --filter dangling=true
  dray images --tree alpine
  dray images --format 'table {{.Repository}}\\t{{.Tag}}\\t{{.Size}}'
  dray images --format json | jq -r .ID

Fields: .Repository .Tag .Digest .ID .CreatedSince .CreatedAt .Size .Platform`,
}
