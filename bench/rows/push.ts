import path from 'node:path'

import { present, regctlHost, viaDocker, type BenchContext, type Row } from '../row.ts'

/** Pushes a pulled image to an empty registry: dray and docker from their stores, the others from an OCI layout. */
export function pushRow(context: BenchContext): Row {
  const { reference, layout, dray, work } = context
  const ours = [...dray, '--store', path.join(work, 'push-store')]
  return {
    title: 'push of a pulled image',
    runs: 5,
    wantsEmptyRegistry: true,
    contenders: [
      {
        name: 'dray',
        command: (target) => [...ours, 'push', '-q', target],
        prepare: (target) => [
          [...ours, 'pull', '-q', reference],
          [...ours, 'tag', reference, target],
        ],
      },
      ...present(context, {
        crane: (binary) => ({ command: (target) => [binary, 'push', '--insecure', layout, target] }),
        skopeo: (binary) => ({
          command: (target) => [
            ...[binary, 'copy', '-q', '--dest-tls-verify=false'],
            ...[`oci:${layout}:bench`, `docker://${target}`],
          ],
        }),
        regctl: (binary) => ({
          command: (target) => [binary, 'image', 'copy', ...regctlHost(target), `ocidir://${layout}:bench`, target],
        }),
      }),
      ...viaDocker(context, (docker) => ({
        command: (target) => [...docker, 'push', '-q', target],
        prepare: (target) => [
          [...docker, 'pull', '-q', reference],
          [...docker, 'tag', reference, target],
        ],
      })),
    ],
  }
}
