import { readFileSync } from 'node:fs'
import path from 'node:path'

import { expect, test } from 'vitest'

import { manualPage } from './manual-page.ts'
import { defaultText, OPTION_TABLE } from './option-table.ts'

const root = path.resolve(import.meta.dirname, '../..')

test('the shipped manual page is the one that manualPage() writes, with every option', () => {
  expect(readFileSync(path.join(root, 'man/drayd.8'), 'utf8')).toBe(manualPage())
  for (const { key } of OPTION_TABLE) expect(manualPage()).toContain(`[${key.replaceAll('-', '\\-')}, `)
})

test('the README has the rows of the table of options', () => {
  const readme = readFileSync(path.join(root, 'README.md'), 'utf8').split('\n')
  const rows = OPTION_TABLE.map((row) => {
    const choices = row.choices === undefined ? '' : `: ${row.choices.join(', ')}`
    return `| \`${row.key}\` | ${row.help}${choices} | ${defaultText(row) ?? '-'} |`
  })
  expect(readme.filter((line) => /^\| `[a-z0-9.-]+` \|/.test(line))).toEqual(rows)
})
