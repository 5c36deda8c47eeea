import { expect, test } from 'vitest'

import { createdColumns, formatAge, columnId } from './docker-columns.ts'
import { compileGoTemplate } from './go-template.ts'
import { createRowPrinter, formatTable, printDocument, type Column } from './rows.ts'

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

test('formatAge() of an unknown time is N/A', () => {
  expect(formatAge(undefined)).toBe('N/A')
  expect(formatAge('never')).toBe('N/A')
  expect(createdColumns(-62_135_596_800)).toEqual({ CreatedSince: 'N/A', CreatedAt: '0001-01-01T00:00:00.000Z' })
})

test('createdColumns() shows times before 1970, of 1970 and of the future, as docker does', () => {
  expect(createdColumns(0)).toEqual({
    CreatedSince: expect.stringMatching(/^[5-9]\d years ago$/) as string,
    CreatedAt: '1970-01-01T00:00:00.000Z',
  })
  expect(createdColumns(-315_619_200).CreatedSince).toMatch(/^[6-9]\d years ago$/)
  expect(createdColumns(32_472_144_000).CreatedSince).toBe('Less than a second ago')
})

test('columnId() is short or full', () => {
  expect(columnId('sha256:0123456789abcdef', true)).toBe('0123456789ab')
  expect(columnId('sha256:0123456789abcdef', false)).toBe('sha256:0123456789abcdef')
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

const COLUMNS: readonly Column[] = [
  ['ID', 'Id'],
  ['EVIL', 'Evil'],
]

/** What is printed for rows. */
async function printed(format: string, rows: readonly Record<string, unknown>[]): Promise<string[]> {
  const lines: string[] = []
  const printer = createRowPrinter({ print: async (line) => void lines.push(line) }, format, COLUMNS)
  for (const row of rows) await printer.row(row)
  await printer.end()
  return lines
}

test.each([
  ['json', ['{"Id":"a"}', '{"Id":"b"}']],
  ['{{.Id}}', ['a', 'b']],
  ['table', ['ID   EVIL\na    undefined\nb    undefined']],
  [String.raw`table {{.Id}}\t{{.CreatedSince}}`, ['ID   CREATED SINCE\na    <no value>\nb    <no value>']],
])('createRowPrinter() with --format %j', async (format, lines) => {
  expect(await printed(format, [{ Id: 'a' }, { Id: 'b' }])).toEqual(lines)
})

test('createRowPrinter() refuses a template that cannot be read before any row', () => {
  expect(() => createRowPrinter({ print: async () => {} }, '{{', [])).toThrow('Cannot read the format')
})

test('createRowPrinter() lets foreign text steer no terminal, also behind a pipe', async () => {
  const safe = String.raw`\u{1b}[2J`
  expect(await printed('{{.Evil}}', [data])).toEqual([safe])
  expect(await printed('{{upper .Evil}}{{println .Evil}}', [{ Evil: 'a\nb' }])).toEqual([
    String.raw`A\U{A}Ba\u{a}b` + '\n',
  ])
  expect(await printed('table', [data])).toEqual([`ID   EVIL\nx    ${safe}`])
  expect(await printed('json', [{ Evil: data.Evil }])).toEqual([String.raw`{"Evil":"\u001b[2J"}`])
})

test('printDocument() indents a document for people, and gives it byte for byte when asked to', async () => {
  const lines: (string | Uint8Array)[] = []
  const output = {
    print: async (line: string) => void lines.push(line),
    write: async (bytes: Uint8Array) => void lines.push(bytes),
  }
  const bytes = new TextEncoder().encode('{"a":"\u009b"}')
  await printDocument(output, bytes, false)
  await printDocument(output, bytes, true)
  expect(lines).toEqual(['{\n  "a": "\\u009b"\n}', bytes])
})
