import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'

import { EXIT, EXIT_CODES, exitCodeOf, WRAPPING_CODES } from './exit-code.ts'
import { StoreFaultsError, UsageError } from './errors.ts'

const packages = path.resolve(import.meta.dirname, '../../../packages')

function declaredCodes(): string[] {
  const files = readdirSync(packages)
    .map((name) => path.join(packages, name, 'src'))
    .flatMap((directory) =>
      readdirSync(directory, { recursive: true, encoding: 'utf8' }).map((file) => path.join(directory, file)),
    )
    .filter((file) => file.endsWith('errors.ts'))
  return [...new Set(files.flatMap((file) => readFileSync(file, 'utf8').match(/ERR_[A-Z0-9_]+/g) ?? []))]
}

function coded(code: string, cause?: unknown): Error {
  return Object.assign(new Error('x', { cause }), { code })
}

test('every code of an error of the packages has an exit status, or leaves it to its cause', () => {
  const codes = declaredCodes()
  expect(codes.length).toBeGreaterThan(60)
  expect(codes.filter((code) => !EXIT_CODES.has(code) && !WRAPPING_CODES.includes(code))).toEqual([])
})

test('every code that has an exit status exists', () => {
  const codes = new Set([...declaredCodes(), new UsageError('x').code, new StoreFaultsError('x', 1, false).code])
  expect([...EXIT_CODES.keys(), ...WRAPPING_CODES].filter((code) => !codes.has(code))).toEqual([])
})

test.each([
  ['ERR_USAGE', EXIT.usage],
  ['ERR_PLATFORM_NOT_FOUND', EXIT.notFound],
  ['ERR_PULL_DENIED', EXIT.denied],
  ['ERR_DIGEST_MISMATCH', EXIT.unverified],
  ['ERR_STORE_BUSY', EXIT.store],
  ['ERR_REGISTRY_UNREACHABLE', EXIT.failed],
  ['EACCES', EXIT.failed],
])('exitCodeOf() maps %s to %i, also as a cause', (code, status) => {
  expect(exitCodeOf(coded(code))).toBe(status)
  for (const wrapping of WRAPPING_CODES) expect(exitCodeOf(coded(wrapping, coded(code)))).toBe(status)
})

test.each([
  ['EMFILE', EXIT.store],
  ['ENFILE', EXIT.store],
  ['ENOSPC', EXIT.store],
  ['EROFS', EXIT.store],
  ['EIO', EXIT.store],
  ['ERR_WORKER_INIT_FAILED', EXIT.store],
  ['ECONNRESET', EXIT.failed],
])('exitCodeOf() maps %s to %i, whatever could not be done for it', (code, status) => {
  expect(exitCodeOf(coded(code))).toBe(status)
  expect(exitCodeOf(coded('ERR_REGISTRY_UNREACHABLE', coded('UND_ERR', coded(code))))).toBe(status)
  expect(exitCodeOf(coded('ERR_USAGE', coded(code)))).toBe(EXIT.usage)
})

test('exitCodeOf() knows a used up quota by its number', () => {
  expect(exitCodeOf(Object.assign(coded('Unknown system error -122'), { errno: -122 }))).toBe(EXIT.store)
})

test('exitCodeOf() takes the first error that has an exit code', () => {
  expect(exitCodeOf(coded('ERR_REGISTRY_TRUNCATED', coded('ERR_CONTENT_SHORT')))).toBe(EXIT.failed)
  expect(exitCodeOf('text')).toBe(EXIT.failed)
})

test.each([
  ['denied', EXIT.denied],
  ['manifest-unknown', EXIT.notFound],
  ['repository-unknown', EXIT.notFound],
  ['digest-refused', EXIT.unverified],
  ['unwritable', EXIT.store],
  ['part-unknown', EXIT.failed],
])('exitCodeOf() maps the problem %s of an unlisted error to %i', (problem, status) => {
  const error = Object.assign(coded('ERR_OF_OTHERS'), { problem })
  expect(exitCodeOf(error)).toBe(status)
  expect(exitCodeOf(coded('ERR_TRANSFER', error))).toBe(status)
})
