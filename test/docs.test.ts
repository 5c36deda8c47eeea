import { existsSync, globSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { capture, root, workspacePackages } from '../scripts/workspace.ts'
import { commentFences, documentedSources, documents, endsInAssertion, fences, type Fence } from './markdown.ts'

const examples = [...documents().flatMap(fences), ...documentedSources().flatMap(commentFences)].filter(
  (fence) => fence.ignored === undefined,
)
const directories = [...new Set(examples.map((fence) => path.join(fence.directory, '.doctest')))]

function exampleFile(fence: Fence): string {
  return path.join(
    fence.directory,
    '.doctest',
    `${fence.file.replaceAll('/', '-').replace(/\.\w+$/, '')}-${fence.number}.ts`,
  )
}

beforeAll(() => {
  for (const directory of directories) mkdirSync(directory, { recursive: true })
  for (const fence of examples) writeFileSync(exampleFile(fence), fence.code)
})

afterAll(() => {
  for (const directory of directories) rmSync(directory, { recursive: true, force: true })
})

describe('the examples in Markdown files and doc comments', () => {
  test.each(examples)('$file, example $number (line $line) ends in an assertion and runs', async (fence) => {
    expect(endsInAssertion(fence.code)).toBe(true)
    const { status, output } = await capture(process.execPath, [exampleFile(fence)], { cwd: fence.directory })
    expect(output).toBe('')
    expect(status).toBe(0)
  })

  test('type-check', async () => {
    const config = path.join(root, '.doctest', 'tsconfig.json')
    mkdirSync(path.dirname(config), { recursive: true })
    writeFileSync(
      config,
      JSON.stringify({
        extends: '../tsconfig.tests.json',
        include: directories.map((each) => `${each}/*.ts`),
        exclude: [],
      }),
    )
    try {
      expect(await capture('tsc', ['-p', config])).toEqual({ status: 0, output: '' })
    } finally {
      rmSync(config)
    }
  })
})

describe.each(workspacePackages().filter((each) => !each.label.startsWith('apps/')))(
  '$label',
  ({ directory, manifest }) => {
    test('README.md follows the template', () => {
      const readme = readFileSync(path.join(directory, 'README.md'), 'utf8')
      const headings = ['Install', 'Example', 'Concepts', 'Errors', 'Limits', 'Not in scope']
      expect(readme.split('\n')[0]).toBe(`# ${manifest.name}`)
      expect(readme).toContain(manifest.description)
      const expected = manifest.private === true ? headings.slice(1) : headings
      const found = [...readme.matchAll(/^## (.*)$/gm)].map((match) => match[1])
      expect(found.filter((heading) => heading !== undefined && expected.includes(heading))).toEqual(expected)
    })

    test.skipIf(manifest.private === true)('README.md has a short first example', () => {
      const [first] = fences(path.relative(root, path.join(directory, 'README.md')).split(path.sep).join('/'))
      expect(first?.ignored).toBe(undefined)
      expect(first?.code.trimEnd().split('\n').length).toBeLessThanOrEqual(20)
    })
  },
)

describe('examples in doc comments', () => {
  test.each(documentedSources())('of %s are all run', (file) => {
    const tags = readFileSync(path.join(root, file), 'utf8').match(/\* @example/g)
    expect(commentFences(file)).toHaveLength(tags?.length ?? 0)
  })
})

describe('links in Markdown files', () => {
  test.each(documents())('%s links to existing files', (file) => {
    const text = readFileSync(path.join(root, file), 'utf8').replace(/^```[\s\S]*?^```$/gm, '')
    const broken = [...text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)]
      .map((match) => match[1] ?? '')
      .filter((target) => !/^[a-z]+:/.test(target) && !existsSync(path.join(root, path.dirname(file), target)))
    expect(broken).toEqual([])
  })
})

describe('the prose of Markdown files', () => {
  test.each([...documents(), ...pagesAtTheRoot()])('%s wraps at 120', (file) => {
    const text = readFileSync(path.join(root, file), 'utf8').replace(/^```[\s\S]*?^```$/gm, '')
    // Tables and links cannot be wrapped.
    const isWrapped = (line: string): boolean =>
      line.length <= 120 || line.startsWith('|') || !/\S\s+\S{1,100}$/.test(line)
    expect(text.split('\n').filter((line) => !isWrapped(line))).toEqual([])
  })
})

test('the picture of packages in docs/architecture.md shows each of them with its rooms', () => {
  const [, picture = ''] =
    /^```mermaid\n(flowchart TB\n[\s\S]*?)^```$/m.exec(readFileSync(path.join(root, 'docs/architecture.md'), 'utf8')) ??
    []
  const shown = [...picture.matchAll(/"<b>([a-z/-]+)<\/b>(?:<br\/>([^"]*))?"/g)].map(([, label = '', rooms]) =>
    roomsLine(label, rooms?.split(' · ') ?? []),
  )
  const expected = workspacePackages()
    .filter(({ label }) => label !== 'testkit')
    .map(({ label, directory }) => roomsLine(label, roomsOf(directory)))
  expect(shown.toSorted()).toEqual(expected.toSorted())
})

/** The other pages at the root, and the future changelogs. */
function pagesAtTheRoot(): string[] {
  return globSync(['SCOPE.md', 'SECURITY.md', '.changeset/*.md'], { cwd: root })
}

/** The folders of a package's sources that are built. */
function roomsOf(directory: string): string[] {
  const entries = readdirSync(path.join(directory, 'src'), { withFileTypes: true })
  return entries.filter((entry) => entry.isDirectory() && entry.name !== 'test').map((entry) => entry.name)
}

function roomsLine(label: string, rooms: readonly string[]): string {
  return [label, ...rooms.toSorted()].join(' ')
}
