import path from 'node:path'
import { describe, expect, test } from 'vitest'

import { workspacePackages, type WorkspacePackage } from '../scripts/workspace.ts'
import { builtFiles, readSource, specifiers } from './source-text.ts'

/** Which files of a package each of its files imports, types included. */
function importsWithin(each: WorkspacePackage): Map<string, string[]> {
  const files = builtFiles(each)
  return new Map(
    files.map((file) => {
      const relative = specifiers(readSource(each, file)).filter((name) => name.startsWith('.'))
      return [file, relative.map((name) => path.posix.join(path.posix.dirname(file), name))]
    }),
  )
}

/** The groups of files that reach each other, by Tarjan's algorithm. */
function circles(imports: ReadonlyMap<string, readonly string[]>): string[][] {
  const order = new Map<string, number>()
  const lowest = new Map<string, number>()
  const open: string[] = []
  const found: string[][] = []
  const low = (file: string): number => lowest.get(file) ?? 0
  const visit = (file: string): void => {
    order.set(file, order.size)
    lowest.set(file, order.size - 1)
    open.push(file)
    for (const next of imports.get(file) ?? []) {
      if (!order.has(next)) visit(next)
      if (open.includes(next)) lowest.set(file, Math.min(low(file), low(next)))
    }
    if (low(file) !== order.get(file)) return
    const circle = open.splice(open.indexOf(file))
    if (circle.length > 1) found.push(circle.toSorted())
  }
  for (const file of imports.keys()) if (!order.has(file)) visit(file)
  return found
}

test('circles() finds the files that import each other, and only those', () => {
  const imports = { a: ['b', 'd'], b: ['c'], c: ['a'], d: ['e'], e: [], f: ['g'], g: ['f', 'a'] }
  expect(circles(new Map(Object.entries(imports)))).toEqual([
    ['a', 'b', 'c'],
    ['f', 'g'],
  ])
})

describe.each(workspacePackages())('the files of $label', (each) => {
  test('do not import each other in a circle', () => {
    const found = circles(importsWithin(each))
    expect(found).toEqual([])
  })
})
