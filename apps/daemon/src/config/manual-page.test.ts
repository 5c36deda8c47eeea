import { readFileSync } from 'node:fs'
import path from 'node:path'

import { expect, test } from 'vitest'

import { manualPage } from './manual-page.ts'
import { OPTION_TABLE } from './option-table.ts'

const root = path.resolve(import.meta.dirname, '../..')

test('the manual page that is shipped tells of every option, as manualPage() writes it', () => {
  expect(readFileSync(path.join(root, 'man/drayd.8'), 'utf8')).toBe(manualPage())
  for (const { key } of OPTION_TABLE) expect(manualPage()).toContain(`[${key.replaceAll('-', '\\-')}, `)
})

test('the README tells of every option', () => {
  const readme = readFileSync(path.join(root, 'README.md'), 'utf8')
  expect(OPTION_TABLE.filter(({ key }) => !readme.includes(`| \`${key}\` |`)).map(({ key }) => key)).toEqual([])
})
