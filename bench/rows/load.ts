import path from 'node:path'

import { present, viaDocker, type BenchContext, type Row } from '../row.ts'

/** Loads a docker-archive of uncompressed layers into an empty place: a store, or an OCI layout. */
export function loadRow(context: BenchContext): Row {
  const { layout, dray, work } = context
  const archive = path.join(work, 'load.tar')
  const store = path.join(work, 'load-store')
  const at = (name: string): string => path.join(work, `load-${name}`)
  return {
    title: 'load of an uncompressed docker-archive',
    runs: 3,
    once: [['skopeo', 'copy', '-q', `oci:${layout}:bench`, `docker-archive:${archive}:bench-load:latest`]],
    contenders: [
      { name: 'dray', command: () => [...dray, '--store', store, 'load', '-q', '-i', archive], remove: [store] },
      {
        name: 'dray copy',
        command: () => [...dray, 'copy', '-q', `docker-archive:${archive}`, `oci:${at('dray')}:bench`],
        remove: [at('dray')],
      },
      ...present(context, {
        // It always compresses the layers.
        skopeo: (binary) => ({
          command: () => [binary, 'copy', '-q', `docker-archive:${archive}`, `oci:${at('skopeo')}:bench`],
          remove: [at('skopeo')],
        }),
      }),
      ...viaDocker(context, (docker) => ({
        command: () => [...docker, 'load', '-q', '-i', archive],
        // Layers shared with another image would not be loaded again.
        prepare: () => [
          [...docker, 'rmi', '-f', 'bench-load:latest'],
          [...docker, 'image', 'prune', '-a', '-f'],
        ],
      })),
    ],
  }
}
