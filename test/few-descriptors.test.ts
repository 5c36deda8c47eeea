// dray where few files may be open.
import path from 'node:path'

import { buildImage, tempDir } from '@drayage/testkit'
import { expect, test } from 'vitest'

import { commandOk, copyPlace, makePlace, startCommand, type Place } from './faults/place.ts'
import { startCountingRegistry } from './faults/registry.ts'

/** Node itself does not start with fewer, and needs no more for a pull of four layers. */
const LIMITS = { least: 27, most: 46 }

const COMMANDS: Readonly<Record<string, { readonly isEmpty: boolean; args(name: string, place: Place): string[] }>> = {
  pull: { isEmpty: true, args: (name) => ['pull', name] },
  load: { isEmpty: true, args: (_, { directory }) => ['load', '-i', path.join(directory, '..', 'app.tar')] },
  save: { isEmpty: false, args: (name, { output }) => ['save', '-o', path.join(output, 'saved.tar'), name] },
  copy: { isEmpty: true, args: (name, { output }) => ['copy', `docker://${name}`, `oci:${path.join(output, 'o')}:1`] },
  push: { isEmpty: false, args: (name) => ['push', name] },
  rmi: { isEmpty: false, args: (name) => ['rmi', name] },
  prune: { isEmpty: false, args: () => ['prune', '-a'] },
}

test.skipIf(process.platform === 'win32').each(Object.entries(COMMANDS))(
  'dray %s ends with 0, or with 6 and a sentence, however few files may be open',
  async (_, { isEmpty, args }) => {
    await using scratch = await tempDir()
    await using registry = await startCountingRegistry()
    const layers = ['a', 'b', 'c', 'd'].map((content) => [{ path: content, content }])
    await registry.publish('team/app:1', await buildImage({ layers }))
    const name = `${registry.host}/team/app:1`
    const empty = await makePlace(path.join(scratch.path, 'empty'))
    await commandOk(empty, 'images')
    const full = await copyPlace(empty, path.join(scratch.path, 'full'))
    await commandOk(full, 'pull', name)
    await commandOk(full, 'save', '-o', path.join(scratch.path, 'app.tar'), name)
    const codes = new Set<number | null>()
    for (let limit = LIMITS.least; limit <= LIMITS.most; limit += isEmpty ? 3 : 9) {
      const place = await copyPlace(isEmpty ? empty : full, path.join(scratch.path, 'place'))
      const wrapper = ['bash', '-c', `ulimit -n ${limit}; exec "$@"`, 'bash']
      const { code, stderr } = await startCommand(place, args(name, place), { wrapper }).ended
      codes.add(code)
      const isTold = code === 0 || /^dray: Cannot .*(too many files are open|EMFILE)/m.test(stderr)
      expect({ limit, stderr, isTold }).toEqual({ limit, stderr, isTold: true })
      if (code !== 0) await commandOk(place, ...args(name, place))
    }
    expect([...codes].filter((code) => code !== 0 && code !== 6)).toEqual([])
    if (isEmpty) expect(codes).toContain(6)
  },
  180_000,
)
