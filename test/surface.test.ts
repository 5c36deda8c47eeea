import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'

import { isTestFile, sourceFiles, workspacePackages, type WorkspacePackage } from '../scripts/workspace.ts'
import { entryFiles, publicNames } from './public-surface.ts'

const libraries = workspacePackages().filter((each) => !each.label.startsWith('apps/'))

function read(each: WorkspacePackage, file: string): string {
  return readFileSync(path.join(each.directory, file), 'utf8')
}

/** The exports of the entry points of a package, as they run. */
async function load(each: WorkspacePackage): Promise<Record<string, unknown>> {
  const entries = entryFiles(each).map((file) => file.replace('src/', 'dist/').replace(/\.ts$/, '.js'))
  const modules = await Promise.all(entries.map((file) => import(path.join(each.directory, file)) as Promise<object>))
  return Object.assign({}, ...modules) as Record<string, unknown>
}

/** The error classes that a package declares: name and body. */
function errorClasses(each: WorkspacePackage): { readonly name: string; readonly body: string }[] {
  return sourceFiles(each)
    .filter((file) => !isTestFile(file))
    .flatMap((file) => [...read(each, `src/${file}`).matchAll(/^export class (\w+) extends \w*Error\b[\s\S]*?^\}/gm)])
    .map((match) => ({ name: match[1] ?? '', body: match[0] }))
}

/** The codes that the instances of a class may carry: its literals, or those of the union it names. */
function codesOf(each: WorkspacePackage, body: string): string[] {
  const base = /extends \w*Error<([^>{]*)>/.exec(body)?.[1]
  if (base !== undefined) {
    const named = [...base.matchAll(/'(ERR_[A-Z0-9_]+)'/g)].map((match) => match[1] ?? '')
    return named.length > 0 ? named : codesOfUnion(each, base.trim())
  }
  const declaration = /^ {2}(?:override )?readonly code\b.*$/m.exec(body)?.[0] ?? ''
  const literals = [...declaration.matchAll(/'(ERR_[A-Z0-9_]+)'/g)].map((match) => match[1] ?? '')
  if (literals.length > 0) return [...new Set(literals)]
  return codesOfUnion(each, /readonly code: (\w+)/.exec(declaration)?.[1] ?? 'none')
}

function codesOfUnion(each: WorkspacePackage, union: string): string[] {
  const sources = sourceFiles(each).map((file) => read(each, `src/${file}`))
  const text = sources.map(
    (source) => new RegExp(`^export type ${union} =([\\s\\S]*?)\\n\\n`, 'm').exec(source)?.[1] ?? '',
  )
  return [...text.join('').matchAll(/'(ERR_[A-Z0-9_]+)'/g)].map((match) => match[1] ?? '')
}

describe.each(libraries)('the public names of $label', (each) => {
  test('have doc comments', () => {
    const names = entryFiles(each).flatMap((file) => publicNames(each.directory, file))
    const bare = names.filter((name) => !name.isDocumented).map((name) => `${name.file}: ${name.name}`)
    expect(bare).toEqual([])
  })

  test('come from an index.ts that only re-exports them', () => {
    const index = read(each, 'src/index.ts').replace(/\/\*[\s\S]*?\*\//g, '')
    const others = index.replace(/^export (type )?\{[^}]*\} from '\.[^']+'$/gm, '').trim()
    expect(others).toBe('')
  })
})

describe.each(libraries.filter((each) => errorClasses(each).length > 0))('the errors of $label', (each) => {
  const classes = errorClasses(each)

  test.each(classes)('$name carries its own name and a literal code', ({ name, body }) => {
    expect(body).toContain(`override readonly name: string = '${name}'`)
    expect(codesOf(each, body)).not.toEqual([])
  })

  test.each(classes)('$name is exported and recognised by the guard of the package', async ({ name, body }) => {
    const exported = await load(each)
    expect(exported[name]).toBeTypeOf('function')
    const guards = Object.entries(exported)
      .filter(([key, value]) => /^is\w*Error$/.test(key) && typeof value === 'function')
      .map(([, value]) => value as (value: unknown) => boolean)
    for (const code of codesOf(each, body)) {
      // Made by another installed copy of the package: another class of the same name and code.
      const twin = Object.assign(new Error('twin'), { name, code })
      expect(guards.some((guard) => guard(twin))).toBe(true)
    }
    for (const stranger of [
      new Error('other'),
      Object.assign(new Error('other'), { code: 'ERR_OTHER' }),
      null,
      'text',
      {},
    ]) {
      expect(guards.some((guard) => guard(stranger))).toBe(false)
    }
  })

  test('README.md explains every code', () => {
    const readme = read(each, 'README.md')
    const codes = [...new Set(classes.flatMap(({ body }) => codesOf(each, body)))]
    expect(codes.filter((code) => !readme.includes(code))).toEqual([])
  })
})
