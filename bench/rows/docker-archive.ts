import path from 'node:path'

import { present, type BenchContext, type Row } from '../row.ts'

/** Copies from the registry to a new docker-archive. */
export function dockerArchiveRow(context: BenchContext): Row {
  const { reference, dray, work } = context
  const at = (name: string): string => path.join(work, `archive-${name}.tar`)
  return {
    title: 'registry → uncompressed docker-archive',
    runs: 3,
    contenders: [
      {
        name: 'dray',
        command: () => [...dray, 'copy', '-q', `docker://${reference}`, `docker-archive:${at('dray')}:bench:latest`],
        remove: [at('dray')],
      },
      ...present(context, {
        skopeo: (binary) => ({
          command: () => [
            ...[binary, 'copy', '-q', '--src-tls-verify=false'],
            ...[`docker://${reference}`, `docker-archive:${at('skopeo')}:bench:latest`],
          ],
          remove: [at('skopeo')],
        }),
      }),
    ],
  }
}
