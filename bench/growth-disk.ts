// Measures what a tiny pull asks of the disk, and how the journal of names grows over pulls that are removed:
//
//   node bench/growth-disk.ts [--cycles N]
//
// Counts are those of strace; the registry is Debian's docker-registry on loopback.
import { readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import { parseArgs } from 'node:util'

import { buildImage, runOk, startDockerRegistry, tempDir, writeOciLayout } from '@drayage/testkit'

import { DRAY } from '../interop/dray.ts'
import { startDrayd } from '../interop/drayd.ts'
import { engineClient } from '../interop/engine-client.ts'

/** What to reach. */
const MOST = { syncs: 12, writtenKib: 64 } as const
const TRACED = 'trace=fsync,fdatasync,sync_file_range,write,pwrite64,writev,pwritev'

const { values } = parseArgs({ options: { cycles: { type: 'string', default: '5000' } } })
await using work = await tempDir()
await using registry = await startDockerRegistry({ directory: path.join(work.path, 'registry') })

// The first pull also makes the store.
for (const name of ['first', 'second']) {
  const reference = await pushTiny(name)
  const { syncs, bytes } = await tracePull(reference)
  const written = (bytes / 1024).toFixed(0)
  console.log(
    `${name} tiny pull: ${syncs} syncs (at most ${MOST.syncs}), ${written} KiB written (at most ${MOST.writtenKib})`,
  )
}
await cycle(`${registry.host}/first:latest`, Number(values.cycles))

async function pushTiny(name: string): Promise<string> {
  const layout = path.join(work.path, `layout-${name}`)
  const reference = `${registry.host}/${name}:latest`
  await writeOciLayout(layout, await buildImage({ layers: [[{ path: name, content: Buffer.from(name) }]] }), 'latest')
  await runOk('skopeo', ['copy', '--dest-tls-verify=false', `oci:${layout}:latest`, `docker://${reference}`])
  return reference
}

/** Syncs, and bytes written to files of the store. */
async function tracePull(reference: string): Promise<{ readonly syncs: number; readonly bytes: number }> {
  const store = path.join(work.path, 'pulled')
  const trace = path.join(work.path, 'trace')
  await runOk('strace', ['-f', '-y', '-e', TRACED, '-o', trace, ...DRAY, '--store', store, 'pull', '-q', reference])
  const lines = (await readFile(trace, 'utf8')).split('\n').filter((line) => line.includes(`<${store}`))
  const isSync = (line: string): boolean => /\b(fsync|fdatasync)\(/.test(line)
  const bytes = lines.filter((line) => !isSync(line)).map((line) => Number(/ = ([0-9]+)$/.exec(line)?.[1] ?? 0))
  return { syncs: lines.filter(isSync).length, bytes: bytes.reduce((sum, each) => sum + each, 0) }
}

/** Pulls and removes an image over and over, and shows the journal at each tenth. */
async function cycle(reference: string, cycles: number): Promise<void> {
  await using drayd = await startDrayd(work.path)
  const { ask } = engineClient(drayd.socket)
  for (let done = 1; done <= cycles; done += 1) {
    const pulled = await ask('POST', `/images/create?fromImage=${encodeURIComponent(reference)}`)
    const removed = await ask('DELETE', `/images/${reference}?force=1`)
    if (pulled.status !== 200 || removed.status !== 200) throw new Error(`Cannot pull and remove: ${removed.text}`)
    if (done % Math.ceil(cycles / 10) !== 0 && done !== cycles) continue
    const { size } = await stat(path.join(drayd.store, 'names.journal'))
    console.log(`${done} pulls and removals: a journal of ${(size / 1024).toFixed(0)} KiB`)
  }
}
