import { parseReference } from '@drayage/reference'
import { expect, test } from 'vitest'

import { parseTransport } from './transport.ts'

const HEX = '0123456789abcdef'.repeat(4)
const alpine = parseReference('docker.io/library/alpine:latest')

test.each([
  ['alpine', { kind: 'registry', reference: alpine }],
  ['docker://alpine', { kind: 'registry', reference: alpine }],
  ['localhost:5000/a:1', { kind: 'registry', reference: parseReference('localhost:5000/a:1') }],
  ['store:alpine:3', { kind: 'store', name: 'alpine:3' }],
  ['oci:dir', { kind: 'oci', directory: 'dir', tag: undefined }],
  ['oci:/a/dir:1.0', { kind: 'oci', directory: '/a/dir', tag: '1.0' }],
  ['oci-archive:a.tar', { kind: 'oci-archive', file: 'a.tar', tag: undefined }],
  ['oci-archive:a.tar:1.0', { kind: 'oci-archive', file: 'a.tar', tag: '1.0' }],
  ['dir:/a/dir:1', { kind: 'dir', directory: '/a/dir:1' }],
  ['docker-daemon:team/app:1', { kind: 'docker-daemon', name: 'team/app:1' }],
  ['docker-daemon:1a2b3c4d5e6f', { kind: 'docker-daemon', name: '1a2b3c4d5e6f' }],
  [`docker-daemon:${HEX}`, { kind: 'docker-daemon', name: HEX }],
  [`docker-daemon:sha256:${HEX}`, { kind: 'docker-daemon', name: `sha256:${HEX}` }],
  ['docker-archive:a.tar', { kind: 'docker-archive', file: 'a.tar', reference: undefined }],
  ['docker-archive:a.tar:alpine', { kind: 'docker-archive', file: 'a.tar', reference: alpine }],
])('parseTransport() reads %s', (text, expected) => {
  expect(parseTransport(text)).toEqual(expected)
})

test.each([
  'store:',
  'oci:',
  'oci::tag',
  'oci:dir:',
  'docker-archive:',
  'docker-archive:a.tar:',
  'oci-archive:',
  'dir:',
  'docker-daemon:',
])('parseTransport() refuses %s', (text) => {
  expect(() => parseTransport(text)).toThrow(expect.objectContaining({ code: 'ERR_TRANSPORT', place: text }))
})

test.each(['docker://UPPER', 'docker-daemon:UPPER', 'docker-daemon:../a'])('parseTransport() refuses %s', (text) => {
  expect(() => parseTransport(text)).toThrow(expect.objectContaining({ code: 'ERR_REFERENCE_SYNTAX' }))
})
