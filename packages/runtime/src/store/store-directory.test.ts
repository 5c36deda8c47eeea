import { expect, test } from 'vitest'

import { hostPlatform } from '../host-platform.ts'
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

test.each([
  ['linux', 'x64', { os: 'linux', architecture: 'amd64' }],
  ['darwin', 'arm64', { os: 'linux', architecture: 'arm64' }],
  ['linux', 'arm', { os: 'linux', architecture: 'arm', variant: 'v7' }],
  ['win32', 'x64', { os: 'windows', architecture: 'amd64' }],
  ['linux', 'mips', { os: 'linux', architecture: 'mips' }],
] as const)('hostPlatform() of %s on %s', (platform, arch, expected) => {
  expect(hostPlatform(platform, arch)).toEqual(expected)
})
