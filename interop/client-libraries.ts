import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import path from 'node:path'
import process from 'node:process'

import { run } from '@drayage/testkit'

/** Where CI installs them: a virtual environment in `python`, packages of npm in `node_modules`. */
const DIRECTORY = path.join(process.env['XDG_CACHE_HOME'] ?? path.join(homedir(), '.cache'), 'drayage/clients')

/** Finds a Python that has these modules. If none does, it says so on standard error. */
export async function pythonWith(...modules: readonly string[]): Promise<string | undefined> {
  for (const python of [path.join(DIRECTORY, 'python/bin/python'), 'python3']) {
    const found = run(python, ['-c', `import ${modules.join(', ')}`])
    const isThere = await found.then(
      ({ code }) => code === 0,
      () => false,
    )
    if (isThere) return python
  }
  process.stderr.write(`skipped: no python with ${modules.join(', ')}\n`)
  return undefined
}

/** Finds the directory from which Node resolves this package. If none does, it says so on standard error. */
export function directoryWith(name: string): string | undefined {
  if (existsSync(path.join(DIRECTORY, 'node_modules', name))) return DIRECTORY
  process.stderr.write(`skipped: no package ${name} in ${DIRECTORY}\n`)
  return undefined
}
