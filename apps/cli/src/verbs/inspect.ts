import { PLATFORM, type Verb } from './verb.ts'

/** Declares `dray inspect`. */
export const inspectVerb: Verb = {
  declare: (program, run) =>
    program
      .command('inspect')
      .description('Show images of the store as JSON, with the field names of docker')
      .argument('<ref...>', 'References or IDs')
      .option('-f, --format <format>', 'Output: json or a Go template')
      .option(PLATFORM, 'Which image of an index to show (default: for this machine, else the first that is here)')
      .action((refs, options) =>
        run(async (context) => (await import('../commands/inspect.ts')).inspectCommand(context, refs, options)),
      ),
  examples: `
  dray inspect alpine:3
  dray inspect --platform linux/arm64 alpine:3
  dray inspect -f '{{.Id}} {{.Os}}/{{.Architecture}}' alpine:3
  dray inspect -f '{{json .Config.Env}}' alpine:3`,
}
