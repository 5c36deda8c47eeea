import { Option } from '@commander-js/extra-typings'
import { FOREIGN_LAYERS } from '@drayage/runtime'

import { FOREIGN, FORMAT, type Verb } from './verb.ts'

/** Declares `dray sync`. */
export const syncVerb: Verb = {
  declare: (program, run) =>
    program
      .command('sync')
      .description('Mirror the images that a file lists, copying only what changed')
      .argument('<file>', 'YAML file; - is stdin')
      .option('--dry-run', 'Only compare, and copy nothing')
      .option('--state <file>', 'Remember which image of an index was chosen, so that comparing needs no download')
      .addOption(new Option(...FOREIGN).choices(FOREIGN_LAYERS))
      .option('-q, --quiet', 'Show no progress and no unchanged images')
      .option(...FORMAT)
      .action((file, options) =>
        run(async (context) => (await import('../commands/sync.ts')).syncCommand(context, file, options), {
          foreignLayers: options.foreignLayers,
        }),
      ),
  examples: `
  dray sync mirror.yaml
  dray sync --dry-run mirror.yaml                 what would be copied
  dray sync --format json mirror.yaml | jq 'select(.Status == "failed")'

mirror.yaml:
  images:
    - from: docker.io/library/alpine              every platform, by tags that are not looked up
      to: registry.example/mirror/alpine
      tags: [3.20.1, latest]
    - from: ghcr.io/org/app
      to: registry.example/mirror/app
      platforms: [linux/amd64]                    one image of each index; several with 'index: rewrite' or sparse
      tags:                                       a tag must meet all of these; 'tags: all' chooses every tag
        include: ['v?[0-9.]+']                    regular expressions for whole tags, one of which must match
        exclude: ['.*-rc.*']
        versions: '>=1.2 <2'                      also ^1.2, ~1.2, 1.x and alternatives with ||
        latest: 5                                 the newest of these versions
        parts: 3                                  how many numbers a version has
        prereleases: false
    - from: registry.example:5000                 repositories of a registry, each below 'to'
      to: mirror.example/all
      repositories: { include: 'team/.*' }
      tags: all
    - from: ghcr.io/org/tool:1.0                  one image with its referrers
      to: oci:layout
      referrers: all

A line for each image says copied, equal, failed or, with --dry-run, outdated. A failure does not stop the other images;
the exit code is the highest of their failures. An unchanged image costs one HEAD request at each registry. Nothing is
deleted. The file holds no secrets, and no variables are replaced in it: logins are those of docker and podman. The
command runs once; use a systemd timer or cron to repeat it.

Fields: .From .To .Status .Digest .Error .Code`,
}
