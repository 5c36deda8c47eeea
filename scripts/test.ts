/**
 * Runs tests and ends with the line `N passed, N failed`. Further arguments go to vitest.
 *
 *   node scripts/test.ts             everything that needs no other server
 *   node scripts/test.ts --floor     the packages' own tests on the oldest Node they support
 *   node scripts/test.ts --interop   the tests against other programs; with CI=true a missing one is a failure
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

import { bin, readJson, root, show } from './workspace.ts'

/** What is read from vitest's JSON report. */
interface Report {
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly numPendingTests: number
  readonly numTodoTests: number
  readonly testResults: readonly { readonly status: string; readonly assertionResults: readonly unknown[] }[]
}

const given = process.argv.slice(2)
const floor = given.includes('--floor')
const interop = given.includes('--interop')
const rest = given.filter((argument) => argument !== '--floor' && argument !== '--interop')

const node = floor ? path.join(root, 'tools/node22/node_modules/.bin/node') : path.join(bin, 'node')
if (floor && !existsSync(node)) {
  console.error(
    `Cannot test on the oldest supported Node: there is no build of it for ${process.platform}-${process.arch}`,
  )
  process.exit(1)
}

// Without a terminal the output is a log, which is read without colours.
if (!process.stdout.isTTY) {
  delete process.env['FORCE_COLOR']
  process.env['NO_COLOR'] = '1'
}

const directory = mkdtempSync(path.join(tmpdir(), 'drayage-test-'))
try {
  const reportFile = path.join(directory, 'report.json')
  const status = await show(existsSync(node) ? node : process.execPath, [
    path.join(root, 'node_modules/vitest/vitest.mjs'),
    'run',
    ...(floor ? ['--dir', 'packages'] : []),
    ...(interop ? ['--config', 'vitest.interop.config.ts'] : []),
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${reportFile}`,
    ...rest,
  ])
  process.exitCode = existsSync(reportFile) ? summarise(readJson<Report>(reportFile), status) : status || 1
} finally {
  rmSync(directory, { recursive: true, force: true })
}

/** Prints the last line and returns the exit status. */
function summarise(report: Report, status: number): number {
  // A file that fails to load has no tests to count, but is a failure too.
  const unloadable = report.testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0)
  const failed = report.numFailedTests + unloadable.length
  const skipped = report.numPendingTests + report.numTodoTests
  const outside = status !== 0 && failed === 0 ? 1 : 0
  if (outside > 0) console.error('An error outside of any test failed the run, see above')
  console.log(`${report.numPassedTests} passed, ${failed + outside} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`)
  return failed + outside > 0 ? 1 : 0
}
