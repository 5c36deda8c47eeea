import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'

import type { ConformanceCase } from '@drayage/content/conformance'
import { expect, test } from 'vitest'

import { root, workspacePackages } from '../scripts/workspace.ts'

const PAGE = path.join(root, 'docs/conformance.md')

/** What takes part in suites, with its cases: each package lists its own, and its tests run them. */
async function participants(): Promise<ReadonlyMap<string, readonly ConformanceCase[]>> {
  const found = new Map<string, readonly ConformanceCase[]>()
  for (const { directory } of workspacePackages()) {
    const file = path.join(directory, 'src/test/conformance.ts')
    if (!existsSync(file)) continue
    const { conformance }: { conformance: Record<string, readonly ConformanceCase[]> } = await import(file)
    for (const [name, cases] of Object.entries(conformance)) found.set(name, cases)
  }
  return new Map([...found].toSorted(([one], [other]) => (one < other ? -1 : 1)))
}

function suitesOf(cases: readonly ConformanceCase[]): string[] {
  return [...new Set(cases.map(({ suite }) => suite))]
}

/** How many cases of a suite run, and a star where some are skipped; nothing where it does not take part. */
function cell(cases: readonly ConformanceCase[], suite: string): string {
  const all = cases.filter((each) => each.suite === suite)
  const run = all.filter(({ skipped }) => skipped === undefined).length
  if (run === 0) return '–'
  return run === all.length ? `${run}` : `${run}\\*`
}

function tableOf(participating: readonly (readonly [string, readonly ConformanceCase[]])[], suites: string[]): string {
  const rows = participating.map(([name, cases]) => [name, ...suites.map((suite) => cell(cases, suite))])
  return [['', ...suites], ['---', ...suites.map(() => '---')], ...rows]
    .map((row) => `| ${row.join(' | ')} |`)
    .join('\n')
}

/** Why an implementer does not run a suite or a case, a line for each reason. */
function reasonsOf(name: string, cases: readonly ConformanceCase[]): string {
  const lines = suitesOf(cases).flatMap((suite) => {
    const skipped = cases.filter((each) => each.suite === suite && each.skipped !== undefined)
    const isNone = skipped.length === cases.filter((each) => each.suite === suite).length
    const reasons = Map.groupBy(skipped, (each) => each.skipped)
    return [...reasons].map(([reason, of]) => {
      const what = isNone && reasons.size === 1 ? `${suite}` : `${suite}, “${of.map((each) => each.name).join('”, “')}”`
      return `${what}: ${reason}`
    })
  })
  const grouped = Map.groupBy(lines, (line) => line.slice(line.indexOf(': ') + 2))
  const merged = [...grouped].map(([reason, all]) => {
    const what = all.map((line) => line.slice(0, line.indexOf(': ')))
    return wrap(`- ${what.join(', ')}: ${reason}`)
  })
  return merged.length === 0 ? '' : [`### ${name}`, '', ...merged].join('\n')
}

/** A list item in lines of at most 120 characters. */
function wrap(text: string): string {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > 120) {
      lines.push(line)
      line = `  ${word}`
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line].join('\n')
}

const INTRODUCTION = `# Conformance

Every ability of a place of content, and every part of a store's metadata, has a suite of cases, exported by
\`@drayage/content/conformance\` and \`@drayage/image-store/conformance\`. This page shows which implementer runs how many
cases of each. A star marks suites of which some cases are skipped, a dash those that an implementer does not take part
in; the reasons are below. To take part, list cases in \`src/test/conformance.ts\` of the implementer's package, run them
in a test of it, and write this page anew: \`UPDATE_DOCS=1 npx vitest run --dir test conformance\`.
`

async function page(): Promise<string> {
  const all = [...(await participants())]
  const isOfMetadata = (suite: string): boolean => metadata.includes(suite)
  const metadata = suitesOf(all.find(([, cases]) => cases.some(({ suite }) => suite === 'leases'))?.[1] ?? []).filter(
    (suite) => !all.every(([, cases]) => cases.some((each) => each.suite === suite)),
  )
  const content = [...new Set(all.flatMap(([, cases]) => suitesOf(cases)))].filter((suite) => !isOfMetadata(suite))
  const keepers = all.filter(([, cases]) => cases.some(({ suite }) => isOfMetadata(suite)))
  const reasons = all.map(([name, cases]) => reasonsOf(name, cases)).filter((text) => text !== '')
  return [
    INTRODUCTION,
    `## Abilities of places of content\n\n${tableOf(all, content)}\n`,
    `## Metadata of stores\n\n${tableOf(keepers, metadata)}\n`,
    `## What is skipped\n\n${reasons.join('\n\n')}\n`,
  ].join('\n')
}

test('docs/conformance.md says which suites are run by whom', async () => {
  const wanted = await page()
  if (process.env['UPDATE_DOCS'] !== undefined) await writeFile(PAGE, wanted)
  expect(await readFile(PAGE, 'utf8')).toBe(wanted)
})
