import { runOk } from '@drayage/testkit'

import { DRAY } from './dray.ts'

const MEASURE_PEAK = `
import { readFileSync } from 'node:fs'
process.on('exit', () => process.stderr.write('peak ' + /VmHWM:\\s+(\\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))[1]))
`

/** Runs `dray` and gives its peak of resident memory in bytes. */
export async function peakOf(args: readonly string[]): Promise<number> {
  const preload = `data:text/javascript,${encodeURIComponent(MEASURE_PEAK)}`
  const [node = '', bin = ''] = DRAY
  const { stderr } = await runOk(node, ['--import', preload, bin, ...args])
  return Number(/peak (\d+)/.exec(stderr)?.[1]) * 1024
}
