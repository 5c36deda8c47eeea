import { digestOf, parseImageId } from '@drayage/digest'
import { parseReference } from '@drayage/reference'
import { describe, expect, test } from 'vitest'

import { createLineFilter, dockerLine, formatSize, loadedLines, progressText } from '../index.ts'

const digest = digestOf('layer')
const id = digest.slice(7, 19)

describe('formatSize()', () => {
  test.each([
    [0, '0B'],
    [999, '999B'],
    [1000, '1kB'],
    [7_340_032, '7.34MB'],
    [65_600_000, '65.6MB'],
    [1e15, '1PB'],
  ])('shows %i as %s', (bytes, text) => {
    expect(formatSize(bytes)).toBe(text)
  })

  test('shows more digits where they are asked for', () => {
    expect(formatSize(7_340_032, 4)).toBe('7.34MB')
    expect(formatSize(7_345_678, 4)).toBe('7.346MB')
  })
})

describe('progressText()', () => {
  test.each([
    [0, 0, 50, ''],
    [1234, 0, 50, ' 1.234kB'],
    [0, 1000, 50, `[>${' '.repeat(50)}]       0B/1kB`],
    [500, 1000, 30, `[${'='.repeat(15)}>${' '.repeat(15)}]     500B/1kB`],
    [1000, 1000, 10, `[${'='.repeat(10)}>]      1kB/1kB`],
    [2000, 1000, 10, `[${'='.repeat(10)}>]      2kB`],
    [500, 1000, 9, '    500B/1kB'],
  ])('of %i of %i bytes in %i cells', (current, total, cells, text) => {
    expect(progressText(current, total, cells)).toBe(text)
  })
})

describe('dockerLine()', () => {
  test('has the bytes of a layer, and a bar for clients without one', () => {
    const layer = { state: 'downloading', current: 1, total: 2 } as const
    expect(dockerLine({ type: 'layer', digest, layer })).toEqual({
      id,
      status: 'Downloading',
      progressDetail: { current: 1, total: 2 },
      progress: progressText(1, 2),
    })
  })

  test('has an empty detail for a layer without a bar, and none for anything else', () => {
    const complete = dockerLine({ type: 'layer', digest, layer: { state: 'complete' } }, 'push')
    expect(complete).toEqual({ id, status: 'Pushed', progressDetail: {} })
    expect(dockerLine({ type: 'digest', digest })).toEqual({ status: `Digest: ${digest}` })
  })
})

test('createLineFilter() lets the bytes of each layer through every 100 ms, and always the last', () => {
  let nowMs = 0
  const isSent = createLineFilter(() => nowMs)
  const bytes = (name: string, current: number) => isSent({ id: name, progressDetail: { current, total: 9 } })
  expect([bytes('a', 1), bytes('a', 2), bytes('b', 1), bytes('a', 9)]).toEqual([true, false, true, true])
  nowMs = 100
  expect([bytes('a', 3), bytes('a', 4)]).toEqual([true, false])
  expect([isSent({ id: 'a', progressDetail: {} }), isSent({})]).toEqual([true, true])
})

test('loadedLines() names what came, and the images that lost their name', () => {
  const [image, from] = [parseImageId(digest), parseImageId(digestOf('other'))]
  const name = parseReference('alpine:3')
  expect(loadedLines({ image, names: [name], taken: [{ name, from }] })).toEqual([
    `The image alpine:3 already exists, renaming the old one with ID ${from} to empty string`,
    'Loaded image: alpine:3',
  ])
  expect(loadedLines({ image, names: [], taken: [] })).toEqual([`Loaded image ID: ${image}`])
})
