import { expect, test } from 'vitest'

import { defaultStoreDirectory } from './store-directory.ts'

test.each([
  [{ DRAYAGE_STORE: '/s', XDG_DATA_HOME: '/x' }, true, '/s'],
  [{ XDG_DATA_HOME: '/x' }, true, '/var/lib/drayage'],
  [{ XDG_DATA_HOME: '/x' }, false, '/x/drayage'],
  [{ XDG_DATA_HOME: 'relative' }, false, '/home/me/.local/share/drayage'],
  [{ DRAYAGE_STORE: '' }, false, '/home/me/.local/share/drayage'],
])('defaultStoreDirectory() of %j, root %j, is %s', (env, isRoot, expected) => {
  expect(defaultStoreDirectory({ env, home: '/home/me', isRoot })).toBe(expected)
})
