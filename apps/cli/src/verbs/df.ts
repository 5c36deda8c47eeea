import { FORMAT, type Verb } from './verb.ts'

/** Declares `dray df`. */
export const dfVerb: Verb = {
  declare: (program, run) =>
    program
      .command('df')
      .description('Show how much disk space the store takes')
      .option(...FORMAT)
      .action((options) => run(async (context) => (await import('../commands/df.ts')).dfCommand(context, options))),
  examples: `
  dray df
  dray df --format '{{.Name}} {{.UniqueSize}}'

Fields: .Name .ID .Size .SharedSize .UniqueSize
Sizes are bytes on the disk, of all platforms that are here; layers are kept compressed, as they came.
The last line, with json too, has the totals: .OnDisk .SharedSize .UniqueSize .Reclaimable .Partial; Reclaimable is what
"dray prune" removes, Partial what unfinished downloads hold.`,
}
