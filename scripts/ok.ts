/**
 * Runs every gate that a change must pass, and reports on each. `pnpm ok` is what CI runs.
 *
 *   node scripts/ok.ts [--no-tests]
 *
 * The import table, the examples, the packed tarballs, the error classes and the changesets are tests under `test/`.
 */
import { performance } from 'node:perf_hooks'

import { capture, show } from './workspace.ts'

const withTests = !process.argv.includes('--no-tests')
const gates: readonly (readonly [name: string, program: string, parameters: readonly string[]])[] = [
  ['format', 'oxfmt', ['--check', '.']],
  ['build', 'turbo', ['run', 'build', '--output-logs=errors-only']],
  ['lint', 'oxlint', ['--type-aware', '--deny-warnings']],
  ['types', 'tsc', ['-p', 'tsconfig.tests.json']],
  ['packages', 'node', ['scripts/check-packages.ts']],
  ['hygiene', 'knip', ['--no-progress']],
]

process.env['DO_NOT_TRACK'] = '1'
process.env['TURBO_TELEMETRY_DISABLED'] = '1'

const failed: string[] = []
for (const [name, program, parameters] of gates) {
  const startedAt = performance.now()
  const { status, output } = await capture(program, parameters)
  if (status !== 0) {
    console.error(output)
    failed.push(name)
  }
  console.log(`${name}: ${status === 0 ? 'ok' : 'FAILED'} (${((performance.now() - startedAt) / 1000).toFixed(1)} s)`)
}
if (withTests && (await show('node', ['scripts/test.ts'])) !== 0) failed.push('tests')

console.log(failed.length === 0 ? 'ok' : `Not ok: ${failed.join(', ')}`)
process.exitCode = failed.length === 0 ? 0 : 1
