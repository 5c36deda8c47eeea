// What docs/from-docker-engine.md names exists, and everything that the table of known names asks for is in it.
import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'

import { root, workspacePackages } from '../scripts/workspace.ts'

const text = readFileSync(path.join(root, 'docs/from-docker-engine.md'), 'utf8')
const rows = text
  .split('\n')
  .filter((line) => /^\| .* \|$/.test(line) && !line.startsWith('| Docker Engine') && !line.startsWith('| containers/'))
  .map((line) => line.slice(2, -2).split(' | '))

/** Every word of the types that the packages publish, and the names of the packages. */
function knownWords(): Set<string> {
  const packages = workspacePackages()
  const files = packages.flatMap(({ directory }) => globSync(path.join(directory, 'dist/**/*.d.ts')))
  const types = files.map((file) => readFileSync(file, 'utf8').replace(/\/\*[\s\S]*?\*\//g, ''))
  return new Set([
    ...types.flatMap((type) => type.match(/\w+/g) ?? []),
    ...packages.flatMap(({ label }) => label.split('-')),
  ])
}

/** The identifiers in code of one cell. */
function identifiers(cell: string): string[] {
  const spans = [...cell.matchAll(/`([^`']+)`/g)].map((match) => match[1] ?? '')
  return spans.flatMap((span) => span.match(/[A-Za-z_]\w*/g) ?? [])
}

test('every name of ours in the tables exists', () => {
  const known = knownWords()
  expect(rows.length).toBeGreaterThan(40)
  const others = rows.map(([, ours = '']) => ours.replace(/^none: .*/, '')).flatMap(identifiers)
  expect(others.length).toBeGreaterThan(100)
  expect(others.filter((name) => !known.has(name))).toEqual([])
})

test('every known name of Docker Engine and containers/image has a row', () => {
  const wanted = [
    'Pull Push Puller Pusher ImagePullConfig ImagePushConfig Config MetaHeaders AuthConfig ProgressOutput RegistryService',
    'ImageEventLogger MetadataStore ImageStore ReferenceStore RequireSchema2 Schema2Types Platform ConfigMediaType LayerStores',
    'TrustKey UploadManager DownloadManager NewV2Repository TranslatePullError ValidateRepoName ErrNoSupport',
    'ImageConfigPullError ContentStore Ingester Provider Info Abort Update distribution source TransferManager',
    'RootFSDownloadManager Store PushLayerProvider PushLayer ChainID DiffID ImageConfigStore Put Get RootFSFromConfig',
    'PlatformFromConfig V2MetadataService PutBlob TryReusingBlob PutManifest AddRepoTags Commit repositories Source',
  ]
  const theirs = new Set(rows.flatMap(([cell = '']) => identifiers(cell)))
  expect(wanted.flatMap((line) => line.split(' ')).filter((name) => !theirs.has(name))).toEqual([])
})
