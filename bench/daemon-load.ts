// Measures one drayd under many clients: 64 pull 20 images at once while 16 list and inspect.
//
//   node bench/daemon-load.ts [--runs N]
//
// Each run has a new store; the registry is Debian's docker-registry on loopback.
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import process from 'node:process'

import { buildImage, buildLayer, randomBytes, runOk, startDockerRegistry, writeOciLayout } from '@drayage/testkit'

import { startDrayd } from '../interop/drayd.ts'
import { engineClient } from '../interop/engine-client.ts'
import { processCost } from './measure.ts'

const CACHE = process.env['DRAYAGE_BENCH_CACHE'] ?? path.join(import.meta.dirname, '.cache')
const IMAGES = 20
const PULLS = 64
const LOOKERS = 16

await main()

async function main(): Promise<void> {
  const directory = path.join(CACHE, 'load')
  mkdirSync(directory, { recursive: true })
  await using registry = await startDockerRegistry({ directory: path.join(directory, 'registry') })
  await pushImages(directory, registry.host)
  console.log(
    `${PULLS} clients pull ${IMAGES} images of 6 MB in 2 layers, one of which all have; ${LOOKERS} list and inspect`,
  )
  const runs = Number(process.argv.at(process.argv.indexOf('--runs') + 1)) || 3
  for (let run = 0; run < runs; run++) {
    rmSync(path.join(directory, 'daemon'), { recursive: true, force: true })
    mkdirSync(path.join(directory, 'daemon'))
    console.log(await measureLoad(path.join(directory, 'daemon'), registry.host))
  }
}

/** Makes the images once; they stay in the registry's directory. */
async function pushImages(directory: string, host: string): Promise<void> {
  const mark = path.join(directory, 'pushed')
  if (existsSync(mark)) return
  const shared = await buildLayer([{ path: 'shared', content: randomBytes('shared', 4_000_000) }])
  for (let at = 0; at < IMAGES; at++) {
    const layout = path.join(directory, 'layout')
    const image = await buildImage({ layers: [shared, [{ path: `own-${at}`, content: randomBytes(at, 2_000_000) }]] })
    await writeOciLayout(layout, image, 'latest')
    await runOk('skopeo', [
      'copy',
      '--dest-tls-verify=false',
      `oci:${layout}:latest`,
      `docker://${host}/app-${at}:latest`,
    ])
    rmSync(layout, { recursive: true })
  }
  writeFileSync(mark, '')
}

async function measureLoad(directory: string, host: string): Promise<string> {
  const drayd = await startDrayd(directory)
  try {
    const client = engineClient(drayd.socket)
    const over = new AbortController()
    const looks: number[] = []
    const look = async (): Promise<void> => {
      while (!over.signal.aborted) {
        const listed = await client.ask('GET', '/v1.50/images/json')
        const [first]: { Id: string }[] = JSON.parse(listed.text)
        const inspected = first === undefined ? listed : await client.ask('GET', `/v1.50/images/${first.Id}/json`)
        looks.push(listed.milliseconds, inspected.milliseconds)
      }
    }
    const before = processCost(drayd.pid).cpuSeconds
    const startedAt = performance.now()
    const lookers = Array.from({ length: LOOKERS }, look)
    const pull = (at: number): string =>
      `/v1.50/images/create?fromImage=${encodeURIComponent(`${host}/app-${at % IMAGES}`)}&tag=latest`
    const pulled = await Promise.all(Array.from({ length: PULLS }, (_, at) => client.ask('POST', pull(at))))
    const seconds = (performance.now() - startedAt) / 1000
    const { cpuSeconds, peakBytes } = processCost(drayd.pid)
    over.abort()
    await Promise.all(lookers)
    const failed = pulled.filter(({ text }) => !text.includes('Status: ')).length
    if (failed > 0) throw new Error(`Cannot measure the load: ${failed} pulls failed`)
    looks.sort((a, b) => a - b)
    const at = (part: number): string => `${looks[Math.floor((looks.length - 1) * part)]?.toFixed(0)} ms`
    return `pulls ${seconds.toFixed(2)} s  cpu ${(cpuSeconds - before).toFixed(2)} s  ${(peakBytes / 1e6).toFixed(0)} MB  ${looks.length} looks: median ${at(0.5)}, 99% ${at(0.99)}, slowest ${at(1)}`
  } finally {
    await drayd.stop()
  }
}
