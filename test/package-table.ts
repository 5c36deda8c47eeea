import { readFileSync } from 'node:fs'
import path from 'node:path'

import { root } from '../scripts/workspace.ts'

/** One row of the table in docs/architecture.md. */
export interface TableRow {
  readonly label: string
  readonly isPrivate: boolean
  readonly tier: 'pure' | 'node' | 'app' | 'test'
  /** Entry files of a pure package that may use Node, as the table names their subpaths: `./undici` -> `undici`. */
  readonly nodeEntries: readonly string[]
  readonly mayImport: readonly string[] | 'any package'
  readonly external: readonly string[]
}

/** Reads the package table; the test that uses it fails on a row that cannot be read. */
export function packageTable(): TableRow[] {
  return readFileSync(path.join(root, 'docs/architecture.md'), 'utf8')
    .split('\n')
    .filter((line) => /^\| `[a-z/-]+`/.test(line))
    .flatMap((line) => {
      const [name = '', tier = '', , imports = '', external] = line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim())
      return external === undefined ? [] : [readRow(name, tier, imports, external)]
    })
}

function readRow(name: string, tier: string, imports: string, external: string): TableRow {
  const label = /^`([a-z/-]+)`/.exec(name)?.[1] ?? ''
  const kind = /^(pure|node|app|test)\b/.exec(tier)?.[1]
  if (kind !== 'pure' && kind !== 'node' && kind !== 'app' && kind !== 'test') {
    throw new Error(`Cannot read the row of "${label}": found tier "${tier}", expected pure, node, app or test`)
  }
  return {
    label,
    isPrivate: name.includes('(private)'),
    tier: kind,
    nodeEntries: [...tier.matchAll(/`[.#]\/?([a-z-]+)` \(node\)/g)].map((match) => match[1] ?? ''),
    mayImport: imports === 'any package' ? imports : words(imports),
    external: words(external),
  }
}

function words(cell: string): string[] {
  return cell === '-' ? [] : cell.split(/\s+/)
}
