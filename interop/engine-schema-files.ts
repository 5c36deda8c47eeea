import { mkdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import process from 'node:process'

import { findPeer, run } from '@drayage/testkit'

/** The module whose newest version holds the schema of every version of the Engine API. */
const MODULE = 'github.com/moby/moby/api@v1.57.0'

/**
 * The directory of moby's schemas, in the cache of Go modules, which go fills if it has to; `undefined` and the reason on
 * stderr where neither can be.
 *
 * @param scratch where go may write, outside the repository
 */
export async function findEngineSchemas(scratch: string): Promise<string | undefined> {
  const go = findPeer('go')
  if (go === undefined) return skipped('no go on PATH, which downloads the schemas of moby')
  await mkdir(scratch, { recursive: true })
  const signal = AbortSignal.timeout(120_000)
  const { code, stdout, stderr } = await run(go, ['mod', 'download', '-json', MODULE], { cwd: scratch, signal })
  if (code !== 0) return skipped(`go cannot download ${MODULE}: ${stdout.trim()} ${stderr.trim()}`)
  const found: unknown = JSON.parse(stdout)
  const directory = typeof found === 'object' && found !== null && 'Dir' in found ? String(found.Dir) : ''
  return path.join(directory, 'docs')
}

/** The text of the schema of a version, in Swagger 2.0; since 1.57 that is derived from one in OpenAPI 3.2. */
export async function readEngineSchema(directory: string, version: string): Promise<string> {
  try {
    return await readFile(path.join(directory, `v${version}-swagger.yaml`), 'utf8')
  } catch {
    return await readFile(path.join(directory, `v${version}.yaml`), 'utf8')
  }
}

function skipped(reason: string): undefined {
  process.stderr.write(`skipped: ${reason}\n`)
}
