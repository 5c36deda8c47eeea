import { existsSync, globSync, readFileSync } from 'node:fs'
import path from 'node:path'

import { root } from '../scripts/workspace.ts'

/** One TypeScript example of a Markdown file or of a doc comment. */
export interface Fence {
  /** `packages/digest/README.md` or `packages/digest/src/verify.ts`, with forward slashes. */
  readonly file: string
  /** 1 for the first example of the file. */
  readonly number: number
  /** The line where its code starts, from 1. */
  readonly line: number
  readonly code: string
  /** Why the example is not run, when its fence says `ts ignore: <reason>`. */
  readonly ignored: string | undefined
  /** The directory whose package the example belongs to. */
  readonly directory: string
}

/** The documents whose examples are run. */
export function documents(): string[] {
  return globSync(['README.md', 'CONTRIBUTING.md', 'docs/**/*.md', 'packages/*/README.md', 'apps/*/README.md'], {
    cwd: root,
  })
    .map((file) => file.split(path.sep).join('/'))
    .toSorted()
}

/** The examples of one document. */
export function fences(file: string): Fence[] {
  const text = readFileSync(path.join(root, file), 'utf8')
  const directory = path.dirname(path.join(root, file))
  return [...text.matchAll(/^```(?:ts|typescript)\b(.*)\n([\s\S]*?)^```$/gm)].map((match, index) => ({
    file,
    number: index + 1,
    line: text.slice(0, match.index).split('\n').length + 1,
    code: match[2] ?? '',
    ignored: /^\s*ignore:\s*(\S.*)$/.exec(match[1] ?? '')?.[1],
    directory: existsSync(path.join(directory, 'package.json')) ? directory : root,
  }))
}

/** The sources whose doc comments have examples. */
export function documentedSources(): string[] {
  return globSync('packages/*/src/**/*.ts', { cwd: root })
    .map((file) => file.split(path.sep).join('/'))
    .filter((file) => readFileSync(path.join(root, file), 'utf8').includes('* @example'))
    .toSorted()
}

/** The examples in the doc comments of one source file. */
export function commentFences(file: string): Fence[] {
  const text = readFileSync(path.join(root, file), 'utf8')
  const [group = '', name = ''] = file.split('/')
  return [...text.matchAll(/^ *\* @example\n *\* ```ts\n([\s\S]*?)^ *\* ```$/gm)].map((match, index) => ({
    file,
    number: index + 1,
    line: text.slice(0, match.index).split('\n').length + 2,
    code: (match[1] ?? '').replace(/^ *\* ?/gm, ''),
    ignored: undefined,
    directory: path.join(root, group, name),
  }))
}

/** Whether an example ends in an assertion; after it come at most three statements that clean up. */
export function endsInAssertion(code: string): boolean {
  const statements = code.split('\n').filter((line) => /^[a-z]/i.test(line))
  return statements.slice(-4).some((line) => /\bassert[.(]/.test(line))
}
