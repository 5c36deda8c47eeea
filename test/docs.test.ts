import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { capture, root, workspacePackages } from '../scripts/workspace.ts'
import { documents, endsInAssertion, fences, type Fence } from './markdown.ts'

const examples = documents()
  .flatMap(fences)
  .filter((fence) => fence.ignored === undefined)
const directories = [...new Set(examples.map((fence) => path.join(fence.directory, '.doctest')))]

function exampleFile(fence: Fence): string {
  return path.join(
    fence.directory,
    '.doctest',
    `${fence.file.replaceAll('/', '-').replace('.md', '')}-${fence.number}.ts`,
  )
}

beforeAll(() => {
  for (const directory of directories) mkdirSync(directory, { recursive: true })
  for (const fence of examples) writeFileSync(exampleFile(fence), fence.code)
})

afterAll(() => {
  for (const directory of directories) rmSync(directory, { recursive: true, force: true })
})

describe('the examples in Markdown files', () => {
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

describe('links in Markdown files', () => {
  test.each(documents())('%s links to files that are there', (file) => {
    const text = readFileSync(path.join(root, file), 'utf8').replace(/^```[\s\S]*?^```$/gm, '')
    const broken = [...text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)]
      .map((match) => match[1] ?? '')
      .filter((target) => !/^[a-z]+:/.test(target) && !existsSync(path.join(root, path.dirname(file), target)))
    expect(broken).toEqual([])
  })
})
