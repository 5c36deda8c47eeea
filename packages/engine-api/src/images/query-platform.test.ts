import { expect, test } from 'vitest'

import { parseQueryPlatform } from './query-platform.ts'

test.each([
  ['linux/arm64/v8.2', { os: 'linux', architecture: 'arm64', variant: 'v8.2' }],
  ['linux/arm/6', { os: 'linux', architecture: 'arm', variant: 'v6' }],
  ['windows(10.0.17763)/amd64', { os: 'windows', architecture: 'amd64', 'os.version': '10.0.17763' }],
])('parseQueryPlatform() reads %j', (text, platform) => {
  expect(parseQueryPlatform(text)).toEqual(platform)
})
