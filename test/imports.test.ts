import { isBuiltin } from 'node:module'
import path from 'node:path'
import { describe, expect, test } from 'vitest'

import { isTestFile, readJson, root, sourceFiles, workspacePackages } from '../scripts/workspace.ts'
import { packageTable, type TableRow } from './package-table.ts'
import { builtFiles, readSource, specifiers, withoutComments } from './source-text.ts'

const table = packageTable()
const packages = workspacePackages()
const scope = '@drayage/'

/** The internal packages that `row` may import: where it may import any, those that do not import it. */
function allowed(row: TableRow): string[] {
  if (row.mayImport !== 'any package') return row.mayImport.toSorted()
  return table
    .filter((other) => other.label !== row.label && (other.tier === 'pure' || other.tier === 'node'))
    .filter((other) => !other.mayImport.includes(row.label))
    .map((other) => other.label)
    .toSorted()
}

function internal(dependencies: Readonly<Record<string, string>> = {}): string[] {
  return Object.keys(dependencies)
    .filter((name) => name.startsWith(scope))
    .map((name) => name.slice(scope.length))
    .toSorted()
}

test('the table in docs/architecture.md names every package, and no other', () => {
  expect(table.map((row) => row.label).toSorted()).toEqual(packages.map((each) => each.label).toSorted())
})

describe.each(table)('package table: $label', (row) => {
  const found = packages.find((each) => each.label === row.label)
  if (found === undefined) return
  const files = sourceFiles(found)
  const tests = files.filter(isTestFile)
  const sources = files.filter((file) => !isTestFile(file))
  /** The files of a pure package that use Node: its Node entries and what is named after them. */
  const isNodeFile = (file: string): boolean =>
    row.nodeEntries.some(
      (entry) => file === `${entry}.ts` || file.startsWith(`${entry}-`) || file.startsWith(`${entry}/`),
    )

  // An app is bundled: what it is made of is not installed with it.
  const { dependencies: installed, devDependencies: bundled } = found.manifest
  const depends = row.tier === 'app' ? { ...installed, ...bundled } : { ...installed }

  test('package.json depends on what the table says', () => {
    const named = internal(depends).filter((name) => row.tier !== 'app' || name !== 'testkit')
    if (row.mayImport === 'any package') expect(allowed(row)).toEqual(expect.arrayContaining(named))
    else expect(named).toEqual(allowed(row))
    const external = Object.keys(depends).filter((name) => !name.startsWith(scope) && name !== 'rolldown')
    expect(external.toSorted()).toEqual(row.external.toSorted())
    expect(found.manifest.private === true).toBe(row.isPrivate)
  })

  test('its dependencies have the versions of the workspace and the catalog', () => {
    const all = { ...found.manifest.dependencies, ...found.manifest.devDependencies }
    const others = Object.entries(all).filter(
      ([name, range]) => range !== (name.startsWith(scope) ? 'workspace:^' : 'catalog:'),
    )
    expect(others).toEqual([])
  })

  test('tsconfig.json references the same packages and extends the configuration of its tier', () => {
    const config = readJson<{ readonly extends: string; readonly references: readonly { readonly path: string }[] }>(
      path.join(found.directory, 'tsconfig.json'),
    )
    const referenced = config.references.map((reference) => path.basename(reference.path))
    // An app type-checks against what it imports; what else it bundles only has to be built before.
    if (row.tier === 'app') expect(allowed(row)).toEqual(expect.arrayContaining(referenced))
    else expect(referenced.toSorted()).toEqual(internal(depends))
    const isPure = row.tier === 'pure' && row.nodeEntries.length === 0
    expect(path.basename(config.extends)).toBe(isPure ? 'tsconfig.pure.json' : 'tsconfig.base.json')
  })

  test('the root tsconfig.json and package.json name it', () => {
    const config = readJson<{ readonly references: readonly { readonly path: string }[] }>(
      path.join(root, 'tsconfig.json'),
    )
    expect(config.references.map((each) => each.path)).toContain(path.relative(root, found.directory))
    const rootManifest = readJson<{ readonly devDependencies: object }>(path.join(root, 'package.json'))
    expect(Object.keys(rootManifest.devDependencies)).toContain(found.manifest.name)
  })

  test('its sources import only what the table allows', () => {
    const mayImport = [...allowed(row).map((label) => scope + label), ...row.external]
    const others = sources.flatMap((file) =>
      specifiers(readSource(found, file))
        .filter((name) => !name.startsWith('.') && !name.startsWith('#') && !isBuiltin(name))
        .filter((name) => !mayImport.some((prefix) => name === prefix || name.startsWith(`${prefix}/`)))
        .map((name) => `${file}: ${name}`),
    )
    expect(others).toEqual([])
  })

  test('its tests import only what it declares', () => {
    const { name: own, dependencies, devDependencies } = found.manifest
    const declared = [own, 'vitest', 'fast-check', ...Object.keys({ ...dependencies, ...devDependencies })]
    const others = tests.flatMap((file) =>
      specifiers(readSource(found, file))
        .filter((name) => !name.startsWith('.') && !name.startsWith('#') && !isBuiltin(name))
        .filter((name) => !declared.some((prefix) => name === prefix || name.startsWith(`${prefix}/`)))
        .map((name) => `${file}: ${name}`),
    )
    expect(others).toEqual([])
  })

  test.runIf(row.tier === 'pure')('it uses nothing of Node outside its named Node entries', () => {
    const breaches = sources
      .filter((file) => !isNodeFile(file))
      .flatMap((file) => {
        const source = readSource(found, file)
        const modules = specifiers(source).filter(
          (name) =>
            isBuiltin(name) || (name.startsWith('.') && isNodeFile(path.posix.join(path.posix.dirname(file), name))),
        )
        const globals = [...withoutComments(source).matchAll(/(?<![\w.'"])(?:Buffer|process|__dirname)\s*[.([]/g)]
        return [...modules, ...globals.map((match) => match[0])].map((what) => `${file}: ${what}`)
      })
    expect(breaches).toEqual([])
  })
})

test('stores, archives and layouts use the file system through `disk`, whose failures are typed', () => {
  const rooms: Readonly<Record<string, string>> = {
    archive: '',
    'content-fs': '',
    'image-store': '',
    'layer-store': '',
    'registry-server': 'node/',
    runtime: 'store/',
  }
  // What a transaction does is synchronous, so is a look at thousands of files, and a pipe is waited for; these type failures
  // themselves.
  const synchronous = [
    'image-store/journal/',
    'image-store/sql/seen-file.ts',
    'image-store/sql/set-aside.ts',
    'layer-store/indexes/index-directory.ts',
    'content-fs/suspect-blobs.ts',
    'content-fs/taken-blobs.ts',
  ]
  const others = [...synchronous, 'archive/named-pipe.ts', 'runtime/store/file-store/reserve.ts']
  const raw = packages.flatMap((each) =>
    builtFiles(each)
      .filter((file) => rooms[each.label] !== undefined && file.startsWith(rooms[each.label] ?? ''))
      .filter((file) => !others.some((known) => `${each.label}/${file}`.startsWith(known)))
      .filter((file) =>
        /import (?!type )(?!\{ (?:type \w+, )*constants \}).* from 'node:fs(?:\/promises)?'/.test(
          readSource(each, file),
        ),
      )
      .map((file) => `${each.label}/${file}`),
  )
  expect(raw).toEqual([])
})
