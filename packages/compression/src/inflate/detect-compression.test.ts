import { zstdCompressSync, gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'

import { DETECT_BYTES, detectCompression } from './detect-compression.ts'

test.each([
  ['gzip', gzipSync('a')],
  ['zstd', zstdCompressSync('a')],
  ['zstd', Uint8Array.of(0x50, 0x2a, 0x4d, 0x18, 0, 0, 0, 0)],
  ['zstd', Uint8Array.of(0x5f, 0x2a, 0x4d, 0x18, 0, 0, 0, 0)],
  ['bzip2', Uint8Array.of(0x42, 0x5a, 0x68, 0x39, 0x31, 0x41)],
  ['xz', Uint8Array.of(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00)],
  ['none', Uint8Array.of(0x60, 0x2a, 0x4d, 0x18, 0, 0)],
  ['none', Uint8Array.of(0x1f)],
  ['none', new Uint8Array(0)],
  ['none', new TextEncoder().encode('etc/passwd')],
])('detectCompression() finds %s', (wanted, bytes) => {
  expect(detectCompression(bytes)).toBe(wanted)
  expect(detectCompression(bytes.subarray(0, DETECT_BYTES))).toBe(wanted)
})
