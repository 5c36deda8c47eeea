import { writeFile } from 'node:fs/promises'

import { tempDir } from '@drayage/testkit'
import { expect, test } from 'vitest'

import { readConfig } from './config.ts'
import { OPTION_TABLE, variableOf } from './option-table.ts'

async function readToml(text: string): ReturnType<typeof readConfig> {
  await using directory = await tempDir()
  const file = `${directory.path}/drayd.toml`
  await writeFile(file, text)
  return await readConfig({ file, flags: new Map(), env: {} })
}

test('readConfig() prefers flags to variables and variables to the file', async () => {
  await using directory = await tempDir()
  const file = `${directory.path}/drayd.toml`
  await writeFile(file, 'store = "file"\ngroup = "file"\nplatform = "file"\n')
  const config = await readConfig({
    file,
    flags: new Map([['store', 'flag']]),
    env: { DRAYD_STORE: 'variable', DRAYD_GROUP: 'variable' },
  })
  expect(['store', 'group', 'platform'].map((key) => config.text(key))).toEqual(['flag', 'variable', 'file'])
})

test('readConfig() reads every option of every kind from a variable', async () => {
  const texts = { text: 'x', texts: 'a, b', count: '7', switch: 'on' } as const
  const values = { text: 'x', texts: ['a', 'b'], count: 7, switch: true } as const
  const env = Object.fromEntries(OPTION_TABLE.map((row) => [variableOf(row), row.choices?.[0] ?? texts[row.kind]]))
  const config = await readConfig({ flags: new Map(), env })
  for (const { key, kind, choices } of OPTION_TABLE) {
    expect([key, config.values.get(key)]).toEqual([key, choices?.[0] ?? values[kind]])
  }
})

test('readConfig() gives every count its default, and says only what is set', async () => {
  const config = await readConfig({ flags: new Map(), env: {} })
  for (const { key, kind, fallback } of OPTION_TABLE) if (kind === 'count') expect(config.count(key)).toBe(fallback)
  expect(config.text('log-level')).toBe('info')
  expect(config.values.size).toBe(0)
})

test('readConfig() takes an empty variable as unset', async () => {
  const env = Object.fromEntries(OPTION_TABLE.map((row) => [variableOf(row), '']))
  expect((await readConfig({ flags: new Map(), env })).values.size).toBe(0)
})

test('readConfig() reads tables, lists and single texts of a file', async () => {
  const config = await readToml(
    'host = ["unix:///a", "fd://"]\nallowed-hosts = "https://m.test"\n[admin]\nhost = "tcp://h:1"\n',
  )
  expect(config.texts('host')).toEqual(['unix:///a', 'fd://'])
  expect(config.texts('allowed-hosts')).toEqual(['https://m.test'])
  expect(config.text('admin.host')).toBe('tcp://h:1')
})

test.each([
  ['hots = "x"', 'unknown key "hots"'],
  ['[admin]\nhots = "x"', 'unknown key "admin.hots"'],
  ['max-connections = "many"', 'max-connections of'],
  ['max-connections = 0', 'expected an integer of at least 1'],
  ['shutdown-timeout = -1', 'expected an integer of at least 0'],
  ['store = ""', 'expected a text'],
  ['# one\n# two\nhost = ', 'in line 3'],
  ['loopback-without-tls = "yes"', 'expected true or false'],
  ['host = [1]', 'expected a list of texts'],
  ['log-level = "loud"', 'expected one of debug'],
  ['host = ', 'Cannot read'],
])('readConfig() refuses the file %j', async (text, why) => {
  await expect(readToml(text)).rejects.toThrow(why)
})

test('readConfig() says which file it cannot read', async () => {
  const config = readConfig({ file: '/none/drayd.toml', flags: new Map(), env: {} })
  await expect(config).rejects.toThrow('Cannot read "/none/drayd.toml": ENOENT')
})
