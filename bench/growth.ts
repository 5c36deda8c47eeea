// Measures how what concerns one image, and what concerns all of them, grows with the images in a store:
//
//   node bench/growth.ts [--images N,N,…] [--only TEXT] [--directory DIRECTORY] [--json FILE]
//
// Stores are made once below the directory, /dev/shm where there is one, and copied for what changes them. CPU time is that
// of the verb in a process that has the store open, in milliseconds; of quick ones, the mean of several. `open` is the
// quickest of several, for which the files are as the last process closed them.
import { cpSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'

import { createRegistryHandler } from '@drayage/registry-server'
import {
  createRuntime,
  diskUsage,
  inspectImage,
  listImages,
  openRegistryStorage,
  pruneImages,
  removeImage,
  sweepStore,
  tagImage,
  type Runtime,
} from '@drayage/runtime'

import { makeImages, REPOSITORY } from './many-images.ts'

const text = { type: 'string' } as const
const { values } = parseArgs({ options: { images: text, only: text, directory: text, json: text } })
const shared = existsSync('/dev/shm') ? '/dev/shm' : os.tmpdir()
const directory = values.directory ?? path.join(shared, 'drayage-growth')
const counts = (values.images ?? '10,1000,10000').split(',').map(Number)

/** Something to measure. */
interface Row {
  readonly title: string
  /** How often it is done. */
  readonly times: number
  /** What it should take of 10,000 images. */
  readonly aim: string
  work(runtime: Runtime, at: number): Promise<unknown>
}

const name = (at: number): string => `${REPOSITORY.path}:${at}`

function rowsOf(count: number): Row[] {
  const request = async (runtime: Runtime, method: string, url: string): Promise<void> => {
    const handler = createRegistryHandler({ storage: await openRegistryStorage(runtime) })
    const { status, body } = await handler({
      method,
      url: `http://registry.test/v2/${REPOSITORY.path}/${url}`,
      headers: {},
    })
    for await (const _ of body ?? []);
    if (status !== 200) throw new Error(`Cannot measure ${method} ${url}: status ${status}`)
  }
  const layerOf = async (runtime: Runtime, at: number, index: number): Promise<string> => {
    const store = await runtime.openStore()
    return (await store.images.find(name(at))).images[0].platforms[0]?.layers[index]?.digest ?? ''
  }
  const one = (at: number): number => (at * 7) % (count - 1)
  return [
    {
      title: 'HEAD of a blob',
      times: 200,
      aim: 'flat',
      work: async (runtime, at) => request(runtime, 'HEAD', `blobs/${await layerOf(runtime, one(at), 1)}`),
    },
    {
      title: 'HEAD of a layer that all images have',
      times: 200,
      aim: 'flat',
      work: async (runtime, at) => request(runtime, 'HEAD', `blobs/${await layerOf(runtime, one(at), 0)}`),
    },
    {
      title: 'GET of a manifest',
      times: 200,
      aim: 'flat',
      work: (runtime, at) => request(runtime, 'GET', `manifests/${one(at)}`),
    },
    { title: 'inspect', times: 100, aim: 'flat', work: (runtime, at) => inspectImage(runtime, name(one(at))) },
    {
      title: 'list of one reference',
      times: 20,
      aim: 'flat',
      work: (runtime, at) => listImages(runtime, { filters: [`reference=${name(one(at))}`] }),
    },
    { title: 'tag', times: 50, aim: 'flat', work: (runtime, at) => tagImage(runtime, name(one(at)), `other:${at}`) },
    { title: 'rmi', times: 5, aim: 'flat', work: (runtime, at) => removeImage(runtime, name(at)) },
    { title: 'images', times: 2, aim: '500 ms', work: (runtime) => listImages(runtime) },
    { title: 'df', times: 2, aim: '1000 ms', work: (runtime) => diskUsage(runtime) },
    { title: 'prune -a', times: 1, aim: '10000 ms', work: (runtime) => pruneImages(runtime, { all: true }) },
  ]
}

/** How often a store is opened: the first time it is compared, as one that was copied. */
const OPENINGS = 8

const results = new Map<string, { readonly aim: string; readonly cpuMs: number[] }>()
for (const count of counts) {
  const made = path.join(directory, `${count}`)
  if (!existsSync(made)) {
    const partial = `${made}.partial`
    rmSync(partial, { recursive: true, force: true })
    mkdirSync(directory, { recursive: true })
    await makeImages(partial, count)
    renameSync(partial, made)
  }
  const copy = path.join(directory, 'copy')
  rmSync(copy, { recursive: true, force: true })
  cpSync(made, copy, { recursive: true, preserveTimestamps: true })
  const report = (title: string, aim: string, cpuMs: number): void => {
    const row = results.get(title) ?? { aim, cpuMs: [] }
    row.cpuMs.push(cpuMs)
    results.set(title, row)
  }
  const openMs: number[] = []
  for (let at = 0; at < OPENINGS; at++) openMs.push(await cpuOf(() => openAndClose(copy)))
  report('open', 'flat', Math.min(...openMs))
  await using opened = await createRuntime({ storeDirectory: copy })
  // What the first verb does beside its own work: the daily sweep, and facts of images that came by other ways.
  await sweepStore(opened)
  await removeImage(opened, name(count - 1))
  await listImages(opened)
  for (const { title, times, aim, work } of rowsOf(count)) {
    if (values.only !== undefined && !title.includes(values.only)) continue
    const cpuMs = await cpuOf(async () => {
      for (let at = 0; at < times; at++) await work(opened, at)
    })
    report(title, aim, cpuMs / times)
  }
  rmSync(copy, { recursive: true, force: true })
}
console.log(['', ...counts, 'of 10,000'].map((each) => String(each).padStart(12)).join(''))
for (const [title, { aim, cpuMs }] of results) {
  const cells = cpuMs.map((each) => each.toFixed(each < 10 ? 2 : 0))
  console.log(`${[...cells, aim].map((each) => each.padStart(12)).join('')}  ${title}`)
}

if (values.json !== undefined) {
  const rows = [...results].map(([title, { aim, cpuMs }]) => ({ title, aim, cpuMs }))
  const machine = { node: process.version, processors: os.availableParallelism(), load: os.loadavg()[0] }
  writeFileSync(values.json, `${JSON.stringify({ images: counts, ...machine, rows }, undefined, 2)}\n`)
}

async function openAndClose(storeDirectory: string): Promise<void> {
  await using runtime = await createRuntime({ storeDirectory })
  await runtime.openStore()
}

/** The CPU time that some work takes of this process, in milliseconds. */
async function cpuOf(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}
