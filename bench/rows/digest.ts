import { present, regctlHost, type BenchContext, type Row } from '../row.ts'

/** Asks for a tag's digest: the cost of a command that does next to nothing. */
export function digestRow(context: BenchContext): Row {
  const { reference, dray } = context
  return {
    title: 'digest of a tag',
    runs: 9,
    contenders: [
      { name: 'dray', command: () => [...dray, 'digest', reference] },
      ...present(context, {
        crane: (binary) => ({ command: () => [binary, 'digest', '--insecure', reference] }),
        skopeo: (binary) => ({
          command: () => [
            ...[binary, 'inspect', '--tls-verify=false', '--no-tags'],
            ...['--format', '{{.Digest}}', `docker://${reference}`],
          ],
        }),
        regctl: (binary) => ({ command: () => [binary, 'image', 'digest', ...regctlHost(reference), reference] }),
      }),
    ],
  }
}
