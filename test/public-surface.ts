import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'

import type { WorkspacePackage } from '../scripts/workspace.ts'

/** A name that a package exports, and where it is declared. */
export interface PublicName {
  readonly name: string
  readonly file: string
  /** The text before its declaration ends a doc comment. */
  readonly isDocumented: boolean
}

/** The source files behind the entries of `exports`, relative to the package. */
export function entryFiles(each: WorkspacePackage): string[] {
  return Object.values(each.manifest.exports ?? {}).flatMap((target) => {
    const file = typeof target === 'string' ? target : target['default']
    if (file === undefined || !file.endsWith('.js')) return []
    return [file.replace('./dist/', 'src/').replace(/\.js$/, '.ts')]
  })
}

/** The names that an entry file exports, followed through its re-exports to their declarations. */
export function publicNames(directory: string, file: string): PublicName[] {
  const source = readFileSync(path.join(directory, file), 'utf8')
  const declared = [
    ...source.matchAll(
      /^export (?:declare )?(?:abstract )?(?:async )?(?:function\*?|const|class|interface|type) (\w+)/gm,
    ),
  ]
  const own = declared.map((match) => ({
    name: match[1] ?? '',
    file,
    isDocumented: source.slice(0, match.index).trimEnd().endsWith('*/'),
  }))
  const passedOn = [...source.matchAll(/^export (?:type )?\{([^}]*)\} from '(\.[^']+)'/gm)].flatMap((match) => {
    const target = path.join(path.dirname(file), match[2] ?? '')
    const names = (match[1] ?? '')
      .split(',')
      .map(
        (name) =>
          name
            .trim()
            .replace(/^type /, '')
            .split(' as ')[0],
      )
      .filter(Boolean)
    const there = existsSync(path.join(directory, target)) ? publicNames(directory, target) : []
    return names.map(
      (name) => there.find((each) => each.name === name) ?? { name: name ?? '', file: target, isDocumented: false },
    )
  })
  return [...own, ...passedOn]
}
