import { createRuntime, transportsOf } from '@drayage/runtime'
import { expect, test } from 'vitest'

import { createProgram } from './program.ts'

/** The help of a verb, as it is printed. */
function helpOf(name: string): string {
  const program = createProgram({ version: '1.2.3', signal: new AbortController().signal })
  const verb = program.commands.find((each) => each.name() === name)
  let text = ''
  verb?.configureOutput({ writeOut: (part) => (text += part) }).outputHelp()
  return text
}

const verbs = createProgram({ version: '1.2.3', signal: new AbortController().signal }).commands

test.each(verbs.map((verb) => verb.name()))('dray %s --help has examples of the verb', (name) => {
  expect(helpOf(name)).toContain(`\nExamples:\n  `)
  expect(helpOf(name)).toMatch(new RegExp(`^ {2}.*\\bdray ${name}\\b`, 'm'))
})

test('the help of dray copy names every place that a runtime knows', async () => {
  // The store is not opened.
  await using runtime = await createRuntime({ storeDirectory: '/none' })
  const help = helpOf('copy')
  expect(
    transportsOf(runtime)
      .map(({ prefix }) => prefix)
      .filter((prefix) => !help.includes(`${prefix}:`)),
  ).toEqual([])
})
