import { expect, test } from 'vitest'

import { workspacePackages } from '../scripts/workspace.ts'
import { builtFiles, readSource } from './source-text.ts'

/** Names that several packages may export, by the reason why that is clearer than two names. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  'each app is started in the same way': ['main'],
  'client and server of one protocol name the same step alike': [
    'ContentRange',
    'listCatalog',
    'listReferrers',
    'listTags',
    'parseContentRange',
    'putManifest',
  ],
  'a package declares the ports that it uses, and what implements them does not import it': [
    'LayerMeasurement',
    'LayerMeasurer',
    'LayerRegistrar',
    'OtherContent',
  ],
}

const DECLARATION =
  /^export (?:declare )?(?:abstract )?(?:async )?(?:function\*?|const|let|class|interface|type) (\w+)/gm

/** The names that the files of packages export, each with the packages that declare it. */
function declaredNames(): Map<string, Set<string>> {
  const names = new Map<string, Set<string>>()
  for (const each of workspacePackages()) {
    for (const file of builtFiles(each)) {
      for (const [, name = ''] of readSource(each, file).matchAll(DECLARATION)) {
        names.set(name, (names.get(name) ?? new Set()).add(each.label))
      }
    }
  }
  return names
}

const allowed = Object.values(ALLOWED).flat()
const repeated = [...declaredNames()].filter(([, packages]) => packages.size > 1)

test('one name is declared in one package, unless there is a reason', () => {
  const others = repeated.filter(([name]) => !allowed.includes(name))
  expect(others.map(([name, packages]) => `${name}: ${[...packages].join(', ')}`)).toEqual([])
})

test('every name with a reason is declared in several packages', () => {
  const names = repeated.map(([name]) => name)
  expect(allowed.filter((name) => !names.includes(name))).toEqual([])
})
