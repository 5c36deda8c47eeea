import { readFileSync } from 'node:fs'
import path from 'node:path'

import { isTestFile, sourceFiles, type WorkspacePackage } from '../scripts/workspace.ts'

/** The text of a file below `src` of a package. */
export function readSource(each: WorkspacePackage, file: string): string {
  return readFileSync(path.join(each.directory, 'src', file), 'utf8')
}

/** The files below `src` of a package that are built: no tests, no helpers of tests. */
export function builtFiles(each: WorkspacePackage): string[] {
  return sourceFiles(each).filter((file) => !isTestFile(file))
}

/** `source` without its comments. */
export function withoutComments(source: string): string {
  return source.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '$1')
}

/** What a source file imports or passes on: statically, lazily, and as a type. */
export function specifiers(source: string): string[] {
  const found = withoutComments(source).matchAll(/(?:\bfrom\s*|\bimport\s*\(?\s*)(['"])([@#\w./:-]+)\1/g)
  return [...found].map((match) => match[2] ?? '')
}
