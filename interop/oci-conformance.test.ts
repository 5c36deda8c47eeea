import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'

import { createFsStore } from '@drayage/content-fs'
import { createMemoryStorage, createRegistryHandler } from '@drayage/registry-server'
import { createFsStorage, serve } from '@drayage/registry-server/node'
import { findPeer, run, tempDir, type TempDir } from '@drayage/testkit'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { startDray } from './dray.ts'
import { startDrayd } from './drayd.ts'

const suite = findPeer('oci-conformance')
if (suite === undefined) process.stderr.write('skipped: no oci-conformance on PATH, which go install builds\n')

/** What the suite tests only when it is asked to: all that the development version of the specification has. */
const EVERYTHING = {
  OCI_VERSION: 'dev',
  OCI_TLS: 'disabled',
  OCI_DATA_SPARSE: 'true',
  OCI_API_BLOBS_UPLOAD_CANCEL: 'true',
  OCI_API_BLOBS_DIGEST_HEADER: 'true',
  OCI_API_MANIFESTS_DIGEST_HEADER: 'true',
  OCI_API_MANIFESTS_TAG_PARAM: 'true',
}

/** "alice" with the password "secret", by bcrypt. */
const HTPASSWD = 'alice:$2y$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a\n'

describe.skipIf(suite === undefined)('the OCI conformance suite passes without a skip', () => {
  let work: TempDir
  beforeEach(async () => {
    work = await tempDir()
  })
  afterEach(() => work[Symbol.asyncDispose]())

  async function expectConformance(host: string, login: { readonly user?: string } = {}): Promise<void> {
    const results = path.join(work.path, 'results')
    await mkdir(results)
    const { code, stdout, stderr } = await run(suite ?? '', [], {
      cwd: work.path,
      env: {
        ...EVERYTHING,
        OCI_REGISTRY: host,
        OCI_RESULTS_DIR: results,
        ...(login.user !== undefined && { OCI_USERNAME: login.user, OCI_PASSWORD: 'secret' }),
      },
    })
    const countOf = (what: string): number => Number(new RegExp(`^ *${what}\\.+: *(\\d+)$`, 'm').exec(stdout)?.[1])
    const wrong = stdout.split('\n').filter((line) => /: (?:FAIL|Skip|Error)/.test(line))
    expect([wrong, stderr]).toEqual([[], ''])
    expect([code, countOf('FAIL'), countOf('Error'), countOf('Skip')]).toEqual([0, 0, 0, 0])
    // Those of the version that CI builds; a newer one may have more.
    expect(countOf('Pass')).toBeGreaterThanOrEqual(1000)
  }

  test('at dray serve', async () => {
    const { child, finished } = startDray(path.join(work.path, 'store'), [
      ...['serve', '--allow-anonymous-push', '--sparse', '--listen', '127.0.0.1:0'],
    ])
    const [line]: unknown[] = child.stdout === null ? [] : await once(child.stdout, 'data')
    try {
      await expectConformance(String(line).trim().replace('Serving on ', ''))
    } finally {
      child.kill('SIGTERM')
      await finished
    }
  })

  test.each([
    ['anonymously', ['--registry-anonymous', 'push']],
    ['with users', ['--registry-htpasswd', 'users']],
    ['with tokens', ['--registry-htpasswd', 'users', '--registry-auth', 'token']],
  ])('at drayd, %s', async (_, args) => {
    const users = path.join(work.path, 'users')
    await writeFile(users, HTPASSWD)
    const drayd = await startDrayd(work.path, [
      ...['--registry-host', 'tcp://127.0.0.1:0', '--registry-sparse'],
      ...args.map((arg) => (arg === 'users' ? users : arg)),
    ])
    try {
      const host = (drayd.places[1] ?? '').replace('tcp://', '')
      await expectConformance(host, args.includes('push') ? {} : { user: 'alice' })
    } finally {
      await drayd.stop()
    }
  })

  test.each([
    ['in memory', () => createMemoryStorage()],
    [
      'in files',
      (root: string) =>
        createFsStorage(path.join(root, 'records'), createFsStore({ directory: path.join(root, 'content') })),
    ],
  ] as const)('at a handler over a storage %s', async (_, openStorage) => {
    const storage = openStorage(path.join(work.path, 'storage'))
    const handler = createRegistryHandler({ storage, sparse: true, mountsFromAny: true })
    await using server = await serve(handler, { graceMs: 0 })
    await expectConformance(server.host)
  })
})
