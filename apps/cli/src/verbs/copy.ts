import { Option } from '@commander-js/extra-typings'
import { FOREIGN_LAYERS, IMAGE_FORMATS } from '@drayage/runtime'

import { append, COMPRESSION, FOREIGN, FORMAT, MANIFEST_FORMAT, type Verb } from './verb.ts'

/** Declares `dray copy`. */
export const copyVerb: Verb = {
  declare: (program, run) =>
    program
      .command('copy')
      .description('Copy images between registries, the store, archives, directories and Docker Engine')
      .usage('[options] <source...> <target>')
      .argument(
        '<place...>',
        'Sources, then the target: docker://REF, store:REF, oci:DIR[:TAG], oci-archive:FILE[:TAG], docker-archive:FILE[:REF], docker-oci-archive:FILE[:REF], dir:DIR, docker-daemon:REF',
      )
      .option('--all', 'Copy every platform of an index; short for --index full')
      .addOption(
        new Option('--platform <os/arch[/variant],...>', 'Which images of an index to copy; can be repeated')
          .argParser(append)
          .default([], 'this machine'),
      )
      .addOption(
        new Option(
          '--index <form>',
          'full: all images; sparse: the chosen ones with the unchanged index; rewrite: an index of the chosen ones',
        ).choices(['full', 'sparse', 'rewrite'] as const),
      )
      .option('--preserve-digests', 'Fail before writing anything if a digest would change')
      .addOption(new Option(...MANIFEST_FORMAT).choices(IMAGE_FORMATS))
      .option(...COMPRESSION)
      .option('--referrers', 'Also copy signatures, attestations and everything else that refers to the image')
      .addOption(
        new Option('--referrers-type <type>', 'Only copy referrers of this artifact type; can be repeated')
          .argParser(append)
          .default([], 'all'),
      )
      .option('--referrers-depth <levels>', 'How many levels of referrers to follow (default: 3)')
      .addOption(new Option(...FOREIGN).choices(FOREIGN_LAYERS))
      .option('--dry-run', 'Print what would be done, and change nothing')
      .option('-q, --quiet', 'Show no progress')
      .option(...FORMAT)
      .action((places, options) =>
        run(async (context) => (await import('../commands/copy.ts')).copyCommand(context, places, options), {
          foreignLayers: options.foreignLayers,
        }),
      ),
  examples: `
  dray copy docker://alpine:3 oci:layout:3
  dray copy --all ghcr.io/org/app:1 oci:layout:1  every platform
  dray copy --platform linux/amd64,linux/arm64 alpine:3 docker://registry.example/alpine:3
  dray copy --all --referrers ghcr.io/org/app:1 oci-archive:app.tar
  dray copy store:alpine:3 docker-archive:alpine.tar
  dray copy --all alpine:3 docker-oci-archive:alpine.tar          docker load reads it, digests unchanged
  dray copy docker-archive:alpine.tar store:alpine:3
  dray copy docker://alpine:3 dir:alpine
  dray copy docker-daemon:app:1 docker://registry.example/team/app:1
  dray copy alpine:3 busybox:1 docker://registry.example/mirror/   mirror/alpine:3 and mirror/busybox:1
  dray copy store:alpine:3 store:busybox:1 docker-daemon:          under their own names
  dray copy --dry-run --all alpine:3 oci:layout   what would happen to each manifest and blob
  dray copy --compression zstd docker://alpine:3 docker://registry.example/alpine:3

The digest of each copy is printed. Digests do not change, except from and to a docker-archive and a Docker Engine, which
hold uncompressed layers and no manifest. These two take one platform; the store keeps the index of each image. An
existing archive or dir: is not replaced. docker-daemon: is the engine that docker talks to; it also gives images by ID,
without a name.

Several platforms are copied with a new index that lists only them, and so has another digest; --index sparse keeps the
index, which some registries refuse. From the store, --index takes all that is here of an index, and --all needs all of
it to be here or at the target. --referrers copies signatures, attestations and the like, and what cosign stores under
tags, between registries, layouts and oci-archives.

Layers that are kept at URLs, as those of Windows images were, are left out where the target can be without them; with
--foreign-layers fetch they are in the copy.

Fields: .Source .Digest .MediaType .Size; with --dry-run: .from .to .root .content .tags .totals`,
}
