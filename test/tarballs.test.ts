import {
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { packAll } from '../scripts/pack.ts'
import { capture, publicLibraries, readJson, root, type Manifest, type WorkspacePackage } from '../scripts/workspace.ts'
import { fences } from './markdown.ts'

const scope = '@drayage/'
const libraries = publicLibraries()
const directory = mkdtempSync(path.join(tmpdir(), 'drayage-tarballs-'))

beforeAll(async () => {
  for (const { each, tarball } of await packAll(libraries, path.join(directory, 'tarballs'))) {
    mkdirSync(unpacked(each), { recursive: true })
    const { status, output } = await capture('tar', ['-xzf', tarball, '-C', unpacked(each), '--strip-components=1'])
    expect({ status, output }).toEqual({ status: 0, output: '' })
  }
})

afterAll(() => rmSync(directory, { recursive: true, force: true }))

/** Where the content of a package's tarball is. */
function unpacked(each: WorkspacePackage): string {
  return path.join(directory, 'unpacked', each.label)
}

/** A project whose node_modules holds the tarball of `each` and what that declares, and nothing else. */
function consumer(each: WorkspacePackage): string {
  const project = path.join(directory, 'consumers', each.label)
  const modules = path.join(project, 'node_modules')
  mkdirSync(path.join(modules, scope), { recursive: true })
  writeFileSync(path.join(project, 'package.json'), JSON.stringify({ name: 'consumer', private: true, type: 'module' }))
  const pending = [each]
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const home = path.join(modules, next.manifest.name)
    if (existsSync(home)) continue
    cpSync(unpacked(next), home, { recursive: true })
    // The published manifest counts, not the one in the workspace.
    for (const name of Object.keys(readJson<Manifest>(path.join(home, 'package.json')).dependencies ?? {})) {
      const sibling = libraries.find((library) => library.manifest.name === name)
      if (sibling !== undefined) pending.push(sibling)
      else linkExternal(modules, name, realpathSync(path.join(next.directory, 'node_modules', name)))
    }
  }
  return project
}

function linkExternal(modules: string, name: string, target: string): void {
  const link = path.join(modules, name)
  mkdirSync(path.dirname(link), { recursive: true })
  if (!existsSync(link)) symlinkSync(target, link)
}

/** The files that importing the entries of a package can reach, relative to the package. */
function reachable(home: string, entries: readonly string[]): Set<string> {
  const seen = new Set<string>()
  const pending = [...entries]
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (seen.has(next) || !existsSync(path.join(home, next))) continue
    seen.add(next)
    const source = readFileSync(path.join(home, next), 'utf8')
    const from = path.posix.dirname(next)
    for (const match of source.matchAll(/(['"])(\.{1,2}\/[^'"\n]+)\.[jt]s\1/g)) {
      pending.push(`${path.posix.join(from, match[2] ?? '')}.js`)
    }
    if (next.endsWith('.js')) pending.push(next.replace(/\.js$/, '.d.ts'))
  }
  return seen
}

/** The targets in `exports` and `imports` of a manifest, at any depth. */
function targets(value: unknown): string[] {
  if (typeof value === 'string') return value.startsWith('./') ? [value.slice(2)] : []
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(targets) : []
}

describe.each(libraries)('the tarball of $label', (each) => {
  test('holds what importing needs, and nothing else', () => {
    const home = unpacked(each)
    const manifest = readJson<Manifest & { readonly imports?: unknown }>(path.join(home, 'package.json'))
    const named = targets([manifest.exports, manifest.imports])
    expect(named.filter((file) => !existsSync(path.join(home, file)))).toEqual([])
    const needed = reachable(
      home,
      named.filter((file) => file.endsWith('.js')),
    )
    const expected = [...needed].flatMap((file) => (file.endsWith('.js') ? [file, `${file}.map`] : [file]))
    const files = globSync('**/*', { cwd: home, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => path.relative(home, path.join(entry.parentPath, entry.name)))
    const all = new Set([...expected, ...named, 'LICENSE', 'README.md', 'package.json'])
    const missing = [...all].filter((file) => !files.includes(file))
    // Left over from an older build? Remove the package's dist directory and build again.
    const needless = files.filter((file) => !all.has(file))
    expect({ missing, needless }).toEqual({ missing: [], needless: [] })
  })

  test('imports every entry, and runs the README examples, with only its declared dependencies', async () => {
    const project = consumer(each)
    const entries = Object.keys(each.manifest.exports ?? {}).filter((entry) => entry !== './package.json')
    const names = entries.map((entry) => path.posix.join(each.manifest.name, entry))
    const script = names.map((name) => `import ${JSON.stringify(name)}`).join('\n')
    writeFileSync(path.join(project, 'entries.js'), script)
    expect(await capture(process.execPath, ['entries.js'], { cwd: project })).toEqual({ status: 0, output: '' })

    const readme = path.relative(root, path.join(each.directory, 'README.md')).split(path.sep).join('/')
    for (const fence of fences(readme).filter((example) => example.ignored === undefined)) {
      const file = `example-${fence.number}.ts`
      writeFileSync(path.join(project, file), fence.code)
      expect(await capture(process.execPath, [file], { cwd: project })).toEqual({ status: 0, output: '' })
    }
  })
})
