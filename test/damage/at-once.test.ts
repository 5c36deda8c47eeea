// Several processes that find a damaged store at the same time.
import path from 'node:path'

import { buildImage, HARMS, harmFile, tempDir, writeOciLayout } from '@drayage/testkit'
import { expect, test } from 'vitest'

import { commandOk, copyPlace, makePlace, startCommand } from '../faults/place.ts'
import { readState } from '../faults/state.ts'

test.each(HARMS)(
  'of processes that open a store at once whose database was %s, one rebuilds it, and all succeed',
  async (harm) => {
    await using directory = await tempDir()
    const template = await makePlace(path.join(directory.path, 'template'))
    const layout = path.join(directory.path, 'layout')
    await writeOciLayout(layout, await buildImage(), 'app:1')
    await commandOk(template, 'load', '-i', layout)
    for (const tag of ['app:2', 'app:3']) await commandOk(template, 'tag', 'app:1', tag)
    await harmFile(path.join(template.store, 'metadata.db'), harm, 40)
    const place = await copyPlace(template, path.join(directory.path, 'place'))
    const commands = ['a:1', 'b:1', 'c:1'].flatMap((name) => [['tag', 'app:1', name], ['images', '-q'], ['prune']])
    const ended = await Promise.all(commands.map((args) => startCommand(place, args).ended))
    expect(ended.filter(({ code }) => code !== 0)).toEqual([])
    const told = ended.flatMap(({ stderr }) => stderr.split('\n').filter((line) => line.includes('was rebuilt from')))
    expect(told).toHaveLength(1)
    const { names, faults } = await readState(place)
    expect([...names.keys()].map((name) => name.replace('docker.io/library/', '')).toSorted()).toEqual([
      'a:1',
      'app:1',
      'app:2',
      'app:3',
      'b:1',
      'c:1',
    ])
    expect(faults).toEqual([])
  },
)
