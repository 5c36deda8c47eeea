/** Checks what would be published: `publint --strict` for every public package, `attw` for every library. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

import { packAll } from './pack.ts'
import { capture, mapLimited, workspacePackages } from './workspace.ts'

const directory = mkdtempSync(path.join(tmpdir(), 'drayage-pack-'))
try {
  const packed = await packAll(
    workspacePackages().filter((each) => each.manifest.private !== true),
    directory,
  )
  const complaints = await mapLimited(packed, 2, async ({ each, tarball }) => {
    const publint = await capture('publint', [tarball, '--strict'])
    // An app is a command: there is nothing to import, and therefore no types.
    const attw = each.label.startsWith('apps/')
      ? { status: 0, output: '' }
      : await capture('attw', [tarball, '--profile', 'esm-only', '--format', 'ascii'])
    return [publint, attw].filter((check) => check.status !== 0).map((check) => `${each.label}:\n${check.output}`)
  })
  for (const complaint of complaints.flat()) console.error(complaint)
  console.log(
    `packages: ${packed.length} checked, ${complaints.filter((each) => each.length > 0).length} with complaints`,
  )
  process.exitCode = complaints.flat().length > 0 ? 1 : 0
} finally {
  rmSync(directory, { recursive: true, force: true })
}
