// docs/from-docker-engine.md has a row for every exported name of the Go packages in go-names.txt, and the names that it
// gives for them exist.
import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'

import { root, workspacePackages } from '../scripts/workspace.ts'

/** The names of each Go package. */
const goNames = new Map(
  readFileSync(path.join(import.meta.dirname, 'go-names.txt'), 'utf8')
    .split('\n\n')
    .slice(1)
    .map((section): [string, string[]] => {
      const [head = '', , ...names] = section.trim().split('\n')
      return [head.slice(1, -1), names]
    }),
)

interface Row {
  readonly theirs: string
  readonly ours: string
}

/** The rows of each section of the page, by its heading. */
const sections = new Map(
  readFileSync(path.join(root, 'docs/from-docker-engine.md'), 'utf8')
    .split(/^## /m)
    .slice(1)
    .map((section): [string, Row[]] => {
      const [heading = ''] = section.split('\n')
      const lines = section.split('\n').filter((line) => /^\| .* \|$/.test(line) && !line.endsWith('| Here |'))
      const rows = lines.map((line) => line.slice(2, -2).split(' | '))
      return [heading.replaceAll('`', ''), rows.map(([theirs = '', ours = '']) => ({ theirs, ours }))]
    }),
)

/** What a cell has in code. */
function spans(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? '')
}

/** Every word of the types that the packages publish, without their comments, and the names of the packages. */
function knownWords(): Set<string> {
  const packages = workspacePackages()
  const files = packages.flatMap(({ directory }) => globSync(path.join(directory, 'dist/**/*.d.ts')))
  const types = files.map((file) => readFileSync(file, 'utf8').replace(/\/\*[\s\S]*?\*\//g, ''))
  return new Set([
    ...types.flatMap((type) => type.match(/\w+/g) ?? []),
    ...packages.flatMap(({ label }) => label.split('-')),
  ])
}

test('the list has the names of each package', () => {
  expect([...goNames.keys()]).toContain('docker/internal/tarfile')
  for (const name of ['NewPusher', 'ImageTypes', 'PushLayer.MediaType'])
    expect(goNames.get('distribution')).toContain(name)
  expect([...goNames.values()].flat().length).toBeGreaterThan(350)
})

describe.each([...goNames])('%s', (name, names) => {
  const rows = sections.get(name) ?? []

  test('has a row for every exported name and method, and for no other', () => {
    expect(rows.flatMap(({ theirs }) => spans(theirs)).toSorted()).toEqual(names.toSorted())
  })

  test('says for each what to use, or why there is nothing', () => {
    expect(rows.filter(({ ours }) => spans(ours).length === 0 && !/^none[:,] ./.test(ours))).toEqual([])
  })
})

test('every Drayage name in the tables exists', () => {
  const known = knownWords()
  const cells = [...sections.values()].flat().map(({ ours }) => ours)
  const names = cells.flatMap(spans).flatMap((span) => span.replaceAll(/'[^']*'/g, '').match(/[A-Za-z_]\w*/g) ?? [])
  expect(names.length).toBeGreaterThan(300)
  expect([...new Set(names.filter((each) => !known.has(each)))]).toEqual([])
})
