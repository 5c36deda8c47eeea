import { mkdirSync, readdirSync } from 'node:fs'
import path from 'node:path'

import { capture, mapLimited, type WorkspacePackage } from './workspace.ts'

/** A package and the tarball that would be published of it. */
export interface Packed {
  readonly each: WorkspacePackage
  readonly tarball: string
}

/** Packs each package into `directory`, as a release does. */
export function packAll(packages: readonly WorkspacePackage[], directory: string): Promise<Packed[]> {
  return mapLimited(packages, 2, async (each) => {
    const destination = path.join(directory, each.manifest.name.replace('/', '-'))
    mkdirSync(destination, { recursive: true })
    const { status, output } = await capture('pnpm', ['pack', '--pack-destination', destination], {
      cwd: each.directory,
    })
    const tarball = readdirSync(destination).find((file) => file.endsWith('.tgz'))
    if (status !== 0 || tarball === undefined) throw new Error(`Cannot pack "${each.label}": ${output}`)
    return { each, tarball: path.join(destination, tarball) }
  })
}
