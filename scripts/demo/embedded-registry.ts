import { createReadStream } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'

import { createRegistryHandler, createMemoryStorage } from '@drayage/registry-server'
import { serve, type HttpServer } from '@drayage/registry-server/node'
import { writeBlob } from '@drayage/content'
import { hostPlatform } from '@drayage/runtime'
import { buildImage, buildLayer } from '@drayage/testkit'

import { root } from '../workspace.ts'

const REPOSITORY = 'demo/drayage'
const TAG = 'latest'

/** A registry on loopback with one image. */
export interface EmbeddedRegistry {
  readonly server: HttpServer
  readonly reference: string
}

/** What the layers of the image are made of: files that every checkout has after its setup. */
const LAYERS: readonly { readonly name: string; readonly directories: readonly string[] }[] = [
  { name: 'docs', directories: ['docs', 'scripts'] },
  { name: 'dependencies', directories: ['node_modules/vitest', 'node_modules/typescript', 'node_modules/@types/node'] },
  { name: 'packages', directories: ['packages', 'apps'] },
]

/** Serves an image made from files of the checkout, and from the Node that runs this. */
export async function startRegistry(): Promise<EmbeddedRegistry> {
  const layers = []
  for (const { name, directories } of LAYERS) {
    const files = (await Promise.all(directories.map((directory) => filesUnder(directory)))).flat()
    layers.push(await buildLayer(files.map((file) => ({ ...file, path: `${name}/${file.path}` }))))
  }
  layers.push(await buildLayer([{ path: 'usr/local/bin/node', mode: 0o755, content: await head(process.execPath) }]))
  const created = new Date().toISOString()
  const steps = [...LAYERS.map(({ directories }) => directories.join(' ')), 'the start of the node program']
  const history = steps.map((step) => ({ created, created_by: `COPY ${step}` }))
  const image = await buildImage({ layers, platform: hostPlatform(), config: { created, history } })
  const storage = createMemoryStorage()
  const { config, manifest, manifestBytes } = image
  for (const what of [config, ...image.layers.map((layer) => layer.descriptor)]) {
    await writeBlob(storage.content, what, image.blobs.get(what.digest) ?? new Uint8Array())
    await storage.blobs.link(REPOSITORY, what)
  }
  await writeBlob(storage.content, manifest, manifestBytes)
  await storage.manifests.link(REPOSITORY, manifest)
  await storage.tags.set(REPOSITORY, TAG, manifest.digest)
  const server = await serve(createRegistryHandler({ storage }))
  return { server, reference: `${server.host}/${REPOSITORY}:${TAG}` }
}

/** The first 48 MB of a file: enough to see the bars move, and little enough to be ready within seconds. */
async function head(file: string): Promise<Uint8Array> {
  const chunks: Buffer[] = []
  for await (const chunk of createReadStream(file, { end: 48_000_000 - 1 })) chunks.push(chunk)
  return Buffer.concat(chunks)
}

async function filesUnder(directory: string): Promise<{ path: string; content: Uint8Array }[]> {
  const entries = await readdir(path.join(root, directory), { withFileTypes: true, recursive: true }).catch(() => [])
  const files = entries
    .filter((entry) => entry.isFile() && !entry.parentPath.slice(root.length).includes(`${directory}/node_modules`))
    .map((entry) => path.join(entry.parentPath, entry.name))
    .filter((file) => directory.startsWith('node_modules') || !file.slice(root.length).includes('node_modules'))
    .slice(0, 2000)
  const found = []
  for (const file of files.sort()) found.push({ path: path.relative(root, file), content: await readFile(file) })
  return found
}
