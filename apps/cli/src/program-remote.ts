import type { Command } from '@commander-js/extra-typings'

import { FORMAT, FORMATS, PLATFORM, type Run } from './program-run.ts'

/** Adds the verbs that look at one repository. */
export function addRemoteVerbs(program: Command, run: Run): void {
  const forPlatform = 'of the image for this platform in an index'

  program
    .command('tags')
    .description('list the tags of a repository in its registry')
    .argument('<repository>', 'such as ghcr.io/org/app')
    .action((repository) =>
      run(undefined, async (context) => (await import('./commands/look.ts')).tagsCommand(context, repository)),
    )

  program
    .command('digest')
    .description('print what references stand for in their registry')
    .argument('<ref...>', 'references')
    .option(PLATFORM, forPlatform)
    .action((refs, options) =>
      run(options.platform, async (context) =>
        (await import('./commands/look.ts')).digestCommand(context, refs, options),
      ),
    )

  program
    .command('manifest')
    .description('print a manifest or index of a registry')
    .argument('<ref>', 'a reference')
    .option('--raw', 'byte for byte')
    .option(PLATFORM, forPlatform)
    .action((ref, options) =>
      run(options.platform, async (context) =>
        (await import('./commands/look.ts')).manifestCommand(context, ref, options),
      ),
    )

  program
    .command('config')
    .description('print the config of an image of a registry')
    .argument('<ref>', 'a reference')
    .option('--raw', 'byte for byte')
    .option(PLATFORM, `${forPlatform} (default: this machine)`)
    .action((ref, options) =>
      run(options.platform, async (context) =>
        (await import('./commands/look.ts')).configCommand(context, ref, options),
      ),
    )
}

/** Adds the other verbs of a registry. */
export function addRegistryVerbs(program: Command, run: Run): void {
  program
    .command('blob')
    .description('print a blob of a registry, byte for byte')
    .argument('<repo@digest>', 'such as ghcr.io/org/app@sha256:...')
    .action((name) =>
      run(undefined, async (context) => (await import('./commands/registry.ts')).blobCommand(context, name)),
    )

  program
    .command('catalog')
    .description('list the repositories of a registry, where it tells them')
    .argument('<host>', 'such as registry.example:5000')
    .action((host) =>
      run(undefined, async (context) => (await import('./commands/registry.ts')).catalogCommand(context, host)),
    )

  program
    .command('referrers')
    .description('list what refers to a manifest of a registry, such as signatures')
    .argument('<ref>', 'a reference')
    .option('--artifact-type <type>', 'only referrers of this type')
    .option(FORMAT, FORMATS)
    .action((ref, options) =>
      run(undefined, async (context) =>
        (await import('./commands/registry.ts')).referrersCommand(context, ref, options),
      ),
    )

  program
    .command('delete')
    .description('delete a tag from its registry, or a manifest by its digest')
    .argument('<ref>', 'a reference with a tag or a digest')
    .option('-f, --force', 'where a tag cannot be deleted alone, delete its manifest with all tags')
    .action((ref, options) =>
      run(undefined, async (context) => (await import('./commands/registry.ts')).deleteCommand(context, ref, options)),
    )

  program
    .command('serve')
    .description('serve the store as a registry of this machine, until stopped')
    .option('--listen <address:port>', 'an address of this machine', '127.0.0.1:5000')
    .option('--read-only', 'for pulls alone')
    .action((options) =>
      run(undefined, async (context) => (await import('./commands/serve.ts')).serveCommand(context, options)),
    )
}

/** Adds the verb that keeps places equal. */
export function addSync(program: Command, run: Run): void {
  program
    .command('sync')
    .description('make images equal in other places, as a file says')
    .argument('<file>', 'YAML; - is stdin')
    .option('--dry-run', 'compare only, and copy nothing')
    .option('--state <file>', 'remembers which image of an index was chosen, so that it is not fetched to compare')
    .option('-q, --quiet', 'no progress, and no lines of equal images')
    .option(FORMAT, FORMATS)
    .action((file, options) =>
      run(undefined, async (context) => (await import('./commands/sync.ts')).syncCommand(context, file, options)),
    )
}
