import path from 'node:path'
import { describe, expect, test } from 'vitest'

import { workspacePackages } from '../scripts/workspace.ts'
import { builtFiles, readSource, withoutComments } from './source-text.ts'

/** Files that may tell the errors of other libraries apart by a part of a code or a word, since these have no more. */
const FOREIGN: Readonly<Record<string, string>> = {
  'error-body.ts': 'a registry may send any text as a code: what has the form of one is shown',
  'transport-failure.ts': 'Node, OpenSSL and the parser of HTTP name families of codes by a prefix',
  'zlib-engine.ts': 'zlib has one code for damage and for bytes after the end, and no list of its codes, only prefixes',
}

/** How text is searched: a method of the text, a regular expression, a comparison with a literal. */
const SEARCHES = [
  String.raw`WHAT\)*\??\.(?:includes|startsWith|endsWith|match|matchAll|search|replace|replaceAll|indexOf)\(`,
  String.raw`(?:/[a-z]*|[A-Z_]{2,}|\bRegExp\([^)]*\))\.(?:test|exec)\([^()]*WHAT`,
  String.raw`WHAT\s*[!=]==\s*['"\`][^'"\`]`,
]

/** The places in `source` where the text of `what`, a pattern, is searched. */
function searches(source: string, what: string, patterns: readonly string[] = SEARCHES): string[] {
  return patterns.flatMap((pattern) =>
    [
      ...source.matchAll(
        new RegExp(
          pattern.replaceAll('WHAT', () => `(?:${what})`),
          'g',
        ),
      ),
    ].map(([found]) => found),
  )
}

/** Where `source` decides by the message of an error, also one that it has put into a variable. */
function decisionsByMessage(source: string): string[] {
  const variables = [...source.matchAll(/\b(?:const|let) (\w+) = [^\n]*\b(?:error|cause|at|reason)\.message\b/g)]
  const names = [...new Set(variables.map((match) => String.raw`\b${match[1] ?? ''}\b`))]
  return [String.raw`\b(?:error|cause|at|reason)\.message\b`, ...names].flatMap((what) => searches(source, what))
}

/** Where `source` decides by a part of the code of an error; to compare it with whole codes is what codes are for. */
function decisionsByCodePart(source: string): string[] {
  return searches(source, String.raw`\bcode\b`, [
    String.raw`WHAT\??\.(?:includes|startsWith|endsWith|match|search|indexOf)\(`,
    String.raw`(?:/[a-z]*|[A-Z_]{2,})\.(?:test|exec)\([^()]*WHAT`,
  ])
}

test.each([
  ['if (/denied/.test(error.message)) return', 1],
  ["if (error.message.startsWith('Cannot')) return", 1],
  ["if (cause.message === 'incorrect header check') return", 1],
  ["const said = error.message\nif (said.includes('denied')) return", 1],
  ["return { message: error.message.replace(PREFIX, '') }", 1],
  ['return new UsageError(error.message, { cause: error })', 0],
  ["if (error.message === '') return", 0],
  ["error.message.split('\\n')[0]", 0],
])('decisionsByMessage() of %j finds %i', (source, count) => {
  expect(decisionsByMessage(source)).toHaveLength(count)
})

test.each([
  ["if (error.code.startsWith('ERR_REGISTRY')) return", 1],
  ['if (/^ERR_/.test(error.code)) return', 1],
  ['return CODES.includes(error.code)', 0],
  ["if (error.code === 'ENOENT') return", 0],
])('decisionsByCodePart() of %j finds %i', (source, count) => {
  expect(decisionsByCodePart(source)).toHaveLength(count)
})

describe.each(workspacePackages())('the sources of $label', (each) => {
  test('decide by codes and fields of errors, never by their words or by parts of their codes', () => {
    const decisions = builtFiles(each)
      .filter((file) => !(path.basename(file) in FOREIGN))
      .flatMap((file) => {
        const source = withoutComments(readSource(each, file))
        return [...decisionsByMessage(source), ...decisionsByCodePart(source)].map((found) => `${file}: ${found}`)
      })
    expect(decisions).toEqual([])
  })
})
