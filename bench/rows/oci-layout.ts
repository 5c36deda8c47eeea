import path from 'node:path'

import { present, regctlHost, type BenchContext, type Row } from '../row.ts'

/** Copies from the registry to a new OCI layout. */
export function ociLayoutRow(context: BenchContext): Row {
  const { reference, dray, work } = context
  const at = (name: string): string => path.join(work, `oci-${name}`)
  return {
    title: 'registry → OCI layout',
    runs: 5,
    contenders: [
      {
        name: 'dray',
        command: () => [...dray, 'copy', '-q', `docker://${reference}`, `oci:${at('dray')}:bench`],
        remove: [at('dray')],
      },
      ...present(context, {
        skopeo: (binary) => ({
          command: () => [
            ...[binary, 'copy', '-q', '--src-tls-verify=false'],
            ...[`docker://${reference}`, `oci:${at('skopeo')}:bench`],
          ],
          remove: [at('skopeo')],
        }),
        crane: (binary) => ({
          command: () => [binary, 'pull', '--insecure', '--format=oci', reference, at('crane')],
          remove: [at('crane')],
        }),
        regctl: (binary) => ({
          command: () => [
            ...[binary, 'image', 'copy', ...regctlHost(reference)],
            ...[reference, `ocidir://${at('regctl')}:bench`],
          ],
          remove: [at('regctl')],
        }),
        oras: (binary) => ({
          command: () => [binary, 'copy', '--from-plain-http', '--to-oci-layout', reference, `${at('oras')}:bench`],
          remove: [at('oras')],
        }),
      }),
    ],
  }
}
