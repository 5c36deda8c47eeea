import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

import { expect, test } from 'vitest'

import { parse } from 'yaml'

const root = path.resolve(import.meta.dirname, '..')
const workflows = path.join(root, '.github/workflows')
const read = (...names: string[]): string => readFileSync(path.join(root, ...names), 'utf8')

test.each(readdirSync(workflows))('the workflow %s uses actions by their commits, and grants little', (name) => {
  const text = readFileSync(path.join(workflows, name), 'utf8')
  const uses = [...text.matchAll(/uses: (.*)/g)].map(([, used]) => used)
  expect(uses.length).toBeGreaterThan(0)
  for (const used of uses) expect(used).toMatch(/^[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/)
  const { permissions } = parse(text) as { permissions: Record<string, string> }
  expect(Object.values(permissions).filter((granted) => granted !== 'read')).toEqual([])
  // No token of npm that somebody could take: it trusts the workflow itself.
  expect(text).not.toMatch(/secrets\.|NODE_AUTH_TOKEN|NPM_TOKEN/)
})

test('a release is published by the workflow that npm trusts, with provenance', () => {
  const text = read('.github/workflows/release.yml')
  expect(text).toMatch(/id-token: write/)
  expect(text).toMatch(/NPM_CONFIG_PROVENANCE: true/)
  expect(text).toMatch(/environment: npm/)
})

test('the set-up runs no program that it has fetched before it has compared its hash with the lockfile', () => {
  const lock = read('pnpm-lock.yaml')
  const { packageManager } = JSON.parse(read('package.json')) as { packageManager: string }
  const version = packageManager.split('@')[1] ?? ''
  for (const target of ['linux-x64', 'linux-arm64']) {
    const locked = `'@pnpm/exe.${target}@${version}':\n    resolution: {integrity: sha512-`
    expect([target, lock.includes(locked)]).toEqual([target, true])
  }
})
