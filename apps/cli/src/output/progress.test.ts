import { setTimeout as sleep } from 'node:timers/promises'
import { createHash } from 'node:crypto'

import { progressText, type DistributionEvent, type LayerState } from '@drayage/distribution'
import { expect, test } from 'vitest'

import { createJsonProgress } from './progress-json.ts'
import { createPlainProgress } from './progress-plain.ts'
import { createTtyProgress } from './progress-tty.ts'

type Digest = Extract<DistributionEvent, { type: 'digest' }>['digest']

const digest = (name: number): Digest => `sha256:${createHash('sha256').update(String(name)).digest('hex')}` as Digest
const id = (name: number): string => digest(name).slice(7, 19)
const layer = (name: number, state: LayerState): DistributionEvent => ({
  type: 'layer',
  digest: digest(name),
  layer: state,
})
const half: LayerState = { state: 'downloading', current: 500, total: 1000 }

class FakeTerminal {
  readonly columns: number
  readonly rows: number
  text = ''

  constructor(columns: number, rows: number) {
    this.columns = columns
    this.rows = rows
  }

  write(text: string): void {
    this.text += text
  }
}

test('plain progress has a line per change of state, as docker prints without a terminal', () => {
  let text = ''
  const view = createPlainProgress((each) => (text += each))
  view.onEvent({ type: 'pulling', id: '3', path: 'library/alpine' })
  for (const state of [{ state: 'queued' }, half, half, { state: 'verifying' }, { state: 'downloaded' }] as const)
    view.onEvent(layer(1, state))
  view.onEvent(layer(1, { state: 'registering' }))
  view.onEvent(layer(1, { state: 'complete' }))
  view.onEvent({ type: 'warning', message: 'odd\u001B[2J' })
  expect(text.split('\n')).toEqual([
    '3: Pulling from library/alpine',
    `${id(1)}: Pulling fs layer`,
    `${id(1)}: Verifying Checksum`,
    `${id(1)}: Download complete`,
    `${id(1)}: Pull complete`,
    String.raw`WARNING: odd\u{1b}[2J`,
    '',
  ])
})

test('a wait has one line with the words of the registry, and on a terminal the seconds of a layer count down', () => {
  const error = Object.assign(new Error('x'), { said: 'You have reached your limit' })
  const show = (view: { onEvent(event: DistributionEvent): void }): void => {
    for (const secondsLeft of [3, 2, 1]) view.onEvent({ type: 'retrying', what: '"alpine:3"', secondsLeft, error })
    for (const secondsLeft of [2, 1]) view.onEvent(layer(1, { state: 'retrying', secondsLeft, retry: 1, error }))
  }
  let text = ''
  show(createPlainProgress((each) => (text += each)))
  expect(text.split('\n')).toEqual([
    'Retrying in 3 seconds: "alpine:3": You have reached your limit',
    `${id(1)}: Retrying in 2 seconds: You have reached your limit`,
    '',
  ])
  const terminal = new FakeTerminal(100, 24)
  const view = createTtyProgress(terminal)
  show(view)
  view.close()
  expect(terminal.text.match(/Retrying in 3 seconds: "alpine:3": You have reached your limit/g)).toHaveLength(1)
  expect(terminal.text).not.toContain('Retrying in 2 seconds: "alpine:3"')
  expect(terminal.text).toContain(`${id(1)}: Retrying in 1 second: You have reached your limit`)
})

test('JSON progress has the shape of Docker Engine and at most ten lines of bytes a second', () => {
  const lines: unknown[] = []
  let now = 0
  const view = createJsonProgress(
    (text) => lines.push(JSON.parse(text)),
    'pull',
    () => now,
  )
  view.onEvent(layer(1, half))
  now = 99
  view.onEvent(layer(1, half))
  now = 100
  view.onEvent(layer(1, half))
  view.onEvent(layer(1, { state: 'complete' }))
  view.onEvent({ type: 'digest', digest: digest(1) })
  view.onResult?.({ Reference: 'x' })
  const progress = progressText(500, 1000)
  const downloading = { id: id(1), status: 'Downloading', progressDetail: { current: 500, total: 1000 }, progress }
  expect(lines).toEqual([
    downloading,
    downloading,
    { id: id(1), status: 'Pull complete', progressDetail: {} },
    { status: `Digest: ${digest(1)}` },
    { progressDetail: {}, aux: { Reference: 'x' } },
  ])
})

test('progress on a terminal draws a row per layer in place and leaves the last state', async () => {
  const terminal = new FakeTerminal(80, 24)
  const view = createTtyProgress(terminal)
  view.onEvent(layer(1, half))
  await sleep(300)
  expect(terminal.text).toContain(`${id(1)}: Downloading  [===============>               ]     500B/1kB\n`)
  terminal.text = ''
  view.onEvent(layer(1, { state: 'complete' }))
  view.close()
  expect(terminal.text).toBe(`\u001B[1A\u001B[2K${id(1)}: Pull complete\n\u001B[J`)
  view.close()
})

test('progress on a terminal keeps to its height while layers are at work, and shows all at the end', async () => {
  const terminal = new FakeTerminal(40, 6)
  const view = createTtyProgress(terminal)
  const done = [{ state: 'complete' }, { state: 'exists' }, { state: 'mounted', from: 'base' }] as const
  for (let name = 0; name < 20; name++) view.onEvent(layer(name, done[name] ?? half))
  await sleep(300)
  expect(terminal.text.split('\n')).toHaveLength(6)
  expect(terminal.text).toContain('... 16 more, 3 of 20 complete')
  for (const line of terminal.text.replaceAll('\u001B[2K', '').split('\n')) expect(line.length).toBeLessThan(40)
  terminal.text = ''
  view.onEvent({ type: 'digest', digest: digest(1) })
  expect(terminal.text.startsWith('\u001B[5A')).toBe(true)
  for (let name = 0; name < 20; name++) expect(terminal.text).toContain(`${id(name)}: `)
})
