import { expect, test } from 'vitest'

import { formatRows } from '../print-formatted.ts'
import { formatAge } from './age.ts'
import { compileGoTemplate } from './go-template.ts'
import { formatSize } from './size.ts'
import { formatTable } from './table.ts'

test.each([
  [0, '0B'],
  [999, '999B'],
  [1000, '1kB'],
  [7_340_032, '7.34MB'],
  [65_600_000, '65.6MB'],
  [1e15, '1PB'],
])('formatSize() shows %i as %s', (bytes, text) => {
  expect(formatSize(bytes)).toBe(text)
})

test.each([
  [0, 'Less than a second ago'],
  [1, '1 second ago'],
  [59, '59 seconds ago'],
  [60, 'About a minute ago'],
  [150, '2 minutes ago'],
  [3600, 'About an hour ago'],
  [86_400, '24 hours ago'],
  [86_400 * 3, '3 days ago'],
  [86_400 * 21, '3 weeks ago'],
  [86_400 * 90, '3 months ago'],
  [86_400 * 365 * 3, '3 years ago'],
])('formatAge() shows %i seconds as %s', (seconds, text) => {
  const now = new Date('2020-06-01T00:00:00Z')
  expect(formatAge(new Date(now.getTime() - seconds * 1000).toISOString(), now)).toBe(text)
})

test('formatAge() does not know a time that is none', () => {
  expect(formatAge(undefined)).toBe('N/A')
  expect(formatAge('never')).toBe('N/A')
})

test('formatTable() aligns columns three blanks apart', () => {
  expect(formatTable(['A', 'LONG'], [['wide', 'x']])).toBe('A      LONG\nwide   x')
})

const data = { Id: 'x', Config: { Env: ['A=1', 'B=2'], Labels: { b: '2', a: '1' } }, Size: 3, Evil: '\u001B[2J' }

test.each([
  ['{{.Id}}', 'x'],
  ['{{ .Config.Env }}', '[A=1 B=2]'],
  ['{{.Config.Labels}}', 'map[a:1 b:2]'],
  ['{{json .Config.Labels}}', '{"b":"2","a":"1"}'],
  ['{{json .}}', JSON.stringify(data)],
  ['{{len .Config.Env}}-{{upper .Id}}', '2-X'],
  ['{{index .Config.Env 1}} {{index .Config.Labels "a"}}', 'B=2 1'],
  ['{{join .Config.Env ","}}', 'A=1,B=2'],
  [String.raw`{{println .Id}}\t{{.Size}}`, 'x\n\t3'],
  ['{{.Missing}} {{.Id.length}}', '<no value> <no value>'],
  ['{{.__proto__}} {{.constructor}}', '<no value> <no value>'],
  ['no action }}', 'no action }}'],
])('compileGoTemplate() renders %j', (template, text) => {
  expect(compileGoTemplate(template).render(data)).toBe(text)
})

test.each([
  '{{',
  '{{}}',
  '{{range .X}}',
  '{{.X | json}}',
  '{{json}}',
  '{{.X.}}',
  '{{index .X}}',
  String.raw`{{join .X "\x"}}`,
  '{{exec .X}}',
])('compileGoTemplate() refuses %j as wrong usage', (template) => {
  expect(() => compileGoTemplate(template)).toThrow(expect.objectContaining({ code: 'ERR_USAGE' }))
})

test('compileGoTemplate() reads a hostile template in linear time', () => {
  expect(() => compileGoTemplate(`{{${'"a'.repeat(200_000)}}}`)).toThrow('Cannot read the format')
  expect(compileGoTemplate('{{.Id}}'.repeat(20_000)).render(data)).toHaveLength(20_000)
})

test('formatRows() prints JSON lines, templates and tables, and escapes for a terminal (S71)', () => {
  expect(formatRows('json', [{ a: 1 }, { a: 2 }], { isTerminal: true })).toEqual(['{"a":1}', '{"a":2}'])
  expect(formatRows('{{.Evil}}', [data], { isTerminal: true })).toEqual([String.raw`\u{1b}[2J`])
  expect(formatRows('{{.Evil}}', [data], { isTerminal: false })).toEqual([data.Evil])
  const table = formatRows(String.raw`table {{.CreatedSince}}\t{{.ID}}`, [{ CreatedSince: 'now', ID: 'x' }], {
    isTerminal: true,
  })
  expect(table).toEqual(['CREATED SINCE   ID\nnow             x'])
})
