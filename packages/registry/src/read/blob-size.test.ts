import type { HttpRequest, HttpResponse } from '@drayage/content'
import { digestOf } from '@drayage/digest'
import { describe, expect, it } from 'vitest'

import { createRegistryClient } from '../client.ts'
import { answer, failureFields } from '../test/image-registry.ts'

const blob = new Uint8Array(1234)
const what = { mediaType: 'application/octet-stream', digest: digestOf(blob) }
const whole = (): HttpResponse => answer(200, { 'content-length': '1234' }, blob)
const page = (): HttpResponse => answer(200, { 'content-type': 'text/html', 'content-length': '7' }, '<html/>')

/** Asks a registry that answers HEAD and GET in these ways for the size; what it was asked is noted. */
function ask(head: () => HttpResponse, get: () => HttpResponse = whole) {
  const methods: string[] = []
  const http = async ({ method }: HttpRequest): Promise<HttpResponse> => {
    methods.push(method)
    return method === 'HEAD' ? head() : get()
  }
  const size = createRegistryClient({ http }).repository('registry.example/repo').sizeOf(what)
  return { size, methods }
}

describe('sizeOf()', () => {
  it('takes what HEAD announces', async () => {
    const { size, methods } = ask(() => answer(200, { 'content-length': '1234' }))
    expect(await size).toBe(1234)
    expect(methods).toEqual(['HEAD'])
  })

  it.each([
    ['nothing', () => answer(200)],
    ['the size of a web page', page],
    ['the size of compressed bytes', () => answer(200, { 'content-length': '99', 'content-encoding': 'gzip' })],
    ['an error', () => answer(500)],
    ['that HEAD is not served', () => answer(405)],
  ])('asks by GET when HEAD says %s', async (_, head) => {
    const { size, methods } = ask(head)
    expect(await size).toBe(1234)
    expect(methods).toEqual(['HEAD', 'GET'])
  })

  it('counts the bytes where nothing announces them', async () => {
    expect(
      await ask(
        () => answer(200),
        () => answer(200, {}, blob.subarray(0, 234), blob.subarray(234)),
      ).size,
    ).toBe(1234)
  })

  it.each([
    ['a web page', page, page, 'ERR_REGISTRY_PROTOCOL'],
    ['404 to HEAD', () => answer(404), whole, 'ERR_CONTENT_NOT_FOUND'],
    ['404 to GET', () => answer(405), () => answer(404), 'ERR_CONTENT_NOT_FOUND'],
  ])('says of %s that it is doubtful', async (_, head, get, code) => {
    expect(await failureFields(ask(head, get).size)).toMatchObject({ code, doubtful: true })
  })
})
