import path from 'node:path'

import { present, viaDocker, type BenchContext, type Row } from '../row.ts'

/** Writes a pulled image to a new docker-archive of uncompressed layers: dray and docker from their stores, skopeo from an OCI layout. */
export function saveRow(context: BenchContext): Row {
  const { reference, layout, dray, work } = context
  const ours = [...dray, '--store', path.join(work, 'push-store')]
  const at = (name: string): string => path.join(work, `save-${name}.tar`)
  return {
    title: 'save of a pulled image, uncompressed',
    runs: 3,
    contenders: [
      {
        name: 'dray',
        command: () => [...ours, 'save', '--as', 'docker-archive', '-o', at('dray'), reference],
        prepare: () => [[...ours, 'pull', '-q', reference]],
        remove: [at('dray')],
      },
      {
        // The default: a layout that is also a docker-archive, with the original layers.
        name: 'dray oci',
        command: () => [...ours, 'save', '-o', at('dray-oci'), reference],
        remove: [at('dray-oci')],
      },
      ...present(context, {
        skopeo: (binary) => ({
          command: () => [
            ...[binary, 'copy', '-q', `oci:${layout}:bench`],
            `docker-archive:${at('skopeo')}:bench:latest`,
          ],
          remove: [at('skopeo')],
        }),
      }),
      ...viaDocker(context, (docker) => ({
        command: () => [...docker, 'save', '-o', at('docker'), reference],
        prepare: () => [[...docker, 'pull', '-q', reference]],
        remove: [at('docker')],
      })),
    ],
  }
}
