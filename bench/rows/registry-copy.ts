import { present, regctlHost, type BenchContext, type Row } from '../row.ts'

/** Copies from a registry to an empty one. */
export function registryCopyRow(context: BenchContext): Row {
  const { reference, dray } = context
  return {
    title: 'registry → registry',
    runs: 5,
    wantsEmptyRegistry: true,
    contenders: [
      { name: 'dray', command: (target) => [...dray, 'copy', '-q', `docker://${reference}`, `docker://${target}`] },
      ...present(context, {
        crane: (binary) => ({ command: (target) => [binary, 'copy', '--insecure', reference, target] }),
        skopeo: (binary) => ({
          command: (target) => [
            ...[binary, 'copy', '-q', '--src-tls-verify=false', '--dest-tls-verify=false'],
            ...[`docker://${reference}`, `docker://${target}`],
          ],
        }),
        regctl: (binary) => ({
          command: (target) => [
            ...[binary, 'image', 'copy', ...regctlHost(reference), ...regctlHost(target)],
            ...[reference, target],
          ],
        }),
      }),
    ],
  }
}
