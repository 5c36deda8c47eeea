import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'

import { root, workspacePackages } from '../scripts/workspace.ts'

const published = workspacePackages().filter((each) => each.manifest.private !== true)

/** The packages that a changeset releases: name and kind of release. */
function releases(file: string): [name: string, kind: string][] {
  const text = readFileSync(path.join(root, '.changeset', file), 'utf8')
  const [, header = '', summary = ''] = /^---\n([\s\S]*?)^---\n([\s\S]*)$/m.exec(text) ?? []
  expect(summary.trim()).not.toBe('')
  return [...header.matchAll(/^['"]?([^'":\n]+)['"]?: (\w+)$/gm)].map((match) => [match[1] ?? '', match[2] ?? ''])
}

const pending = globSync('*.md', { cwd: path.join(root, '.changeset') }).filter((file) => file !== 'README.md')

test.each(pending)('changeset %s releases packages that exist', (file) => {
  const found = releases(file)
  const names = published.map((each) => each.manifest.name)
  expect(found.filter(([name, kind]) => !names.includes(name) || !['patch', 'minor', 'major'].includes(kind))).toEqual(
    [],
  )
})

test('every package that was never released has a changeset', () => {
  const named = new Set(pending.flatMap(releases).map(([name]) => name))
  const missing = published.filter((each) => each.manifest.version === '0.0.0' && !named.has(each.manifest.name))
  expect(missing.map((each) => each.manifest.name)).toEqual([])
})
