import { describe, expect, it } from 'vitest'

import { addressKind, isLoopbackHost } from './address.ts'

const kindOf = (host: string): string => addressKind(new URL(`http://${host}/`).hostname)

describe('addressKind()', () => {
  it.each([
    ['registry.example', 'public'],
    ['8.8.8.8', 'public'],
    ['[2606:4700::1111]', 'public'],
    ['172.15.0.1', 'public'],
    ['172.32.0.1', 'public'],
    ['100.128.0.1', 'public'],
    ['localhost.example', 'public'],
    ['10.0.0.1', 'private'],
    ['172.16.0.1', 'private'],
    ['172.31.255.255', 'private'],
    ['192.168.1.1', 'private'],
    ['100.64.0.1', 'private'],
    ['[fd00::1]', 'private'],
    ['localhost', 'loopback'],
    ['LOCALHOST', 'loopback'],
    ['localhost.', 'loopback'],
    ['a.localhost', 'loopback'],
    ['127.0.0.1', 'loopback'],
    ['127.9.9.9', 'loopback'],
    ['2130706433', 'loopback'],
    ['0x7f.1', 'loopback'],
    ['[::1]', 'loopback'],
    ['localhost.localdomain', 'loopback'],
    ['ip6-localhost', 'loopback'],
    ['192.0.0.192', 'never'],
    ['192.0.1.1', 'public'],
    ['198.18.0.1', 'never'],
    ['198.19.255.255', 'never'],
    ['198.20.0.1', 'public'],
    ['[2001:0:7f00:1::]', 'never'],
    ['[2001::1]', 'never'],
    ['[2001:db8::1]', 'never'],
    ['[2001:4860::1]', 'public'],
    ['0.0.0.0', 'never'],
    ['169.254.169.254', 'never'],
    ['224.0.0.1', 'never'],
    ['255.255.255.255', 'never'],
    ['[::]', 'never'],
    ['[::ffff:127.0.0.1]', 'never'],
    ['[::ffff:8.8.8.8]', 'never'],
    ['[64:ff9b::7f00:1]', 'never'],
    ['[2002:7f00:1::]', 'never'],
    ['[fe80::1]', 'never'],
    ['[ff02::1]', 'never'],
  ])('%s is %s', (host, kind) => {
    expect(kindOf(host)).toBe(kind)
  })
})

describe('isLoopbackHost()', () => {
  it.each([
    ['localhost:5000', true],
    ['127.0.0.1', true],
    ['[::1]:80', true],
    ['10.0.0.1:5000', false],
    ['localhost.example', false],
    ['a b', false],
  ])('%s: %s', (host, isLoopback) => {
    expect(isLoopbackHost(host)).toBe(isLoopback)
  })
})
