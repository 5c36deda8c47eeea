import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readdir } from 'node:fs/promises'
import path from 'node:path'

import { POLITE, sendRaw, type Place } from './send.ts'

/** What is wrong with an idle store: content whose digest is not its name, and names that do not resolve. */
export async function checkStore(store: string, engine: Place, registry: Place): Promise<string[]> {
  return [...(await checkBlobs(store)), ...(await checkImages(engine)), ...(await checkRepositories(registry))]
}

async function checkBlobs(store: string): Promise<string[]> {
  const wrong: string[] = []
  for (const algorithm of await readdir(path.join(store, 'blobs'))) {
    for (const name of await readdir(path.join(store, 'blobs', algorithm))) {
      const hash = createHash(algorithm)
      for await (const chunk of createReadStream(path.join(store, 'blobs', algorithm, name))) hash.update(chunk)
      if (hash.digest('hex') !== name) wrong.push(`blob ${algorithm}:${name} has other bytes`)
    }
  }
  return wrong
}

interface ListedImage {
  readonly Id: string
  readonly RepoTags: readonly string[] | null
  readonly RepoDigests: readonly string[] | null
}

async function checkImages(engine: Place): Promise<string[]> {
  const wrong: string[] = []
  const images: readonly ListedImage[] = JSON.parse((await get(engine, '/images/json?digests=1')).text)
  for (const { Id, RepoTags, RepoDigests } of images) {
    for (const name of [Id, ...(RepoTags ?? []), ...(RepoDigests ?? [])]) {
      if (name.includes('<none>')) continue
      const { status, text } = await get(engine, `/images/${name}/json`)
      if (status !== 200) wrong.push(`image ${name} answers ${status} ${text.slice(0, 200)}`)
      else if ((JSON.parse(text) as ListedImage).Id !== Id) wrong.push(`image ${name} is not ${Id}`)
    }
  }
  return wrong
}

async function checkRepositories(registry: Place): Promise<string[]> {
  const wrong: string[] = []
  const { repositories }: { repositories: string[] } = JSON.parse((await get(registry, '/v2/_catalog')).text)
  for (const repository of repositories) {
    const listed = await get(registry, `/v2/${repository}/tags/list`)
    if (listed.status !== 200) wrong.push(`tags of ${repository} answer ${listed.status}`)
    const { tags }: { tags?: string[] | null } = listed.status === 200 ? JSON.parse(listed.text) : {}
    for (const tag of tags ?? []) {
      const manifest = await get(registry, `/v2/${repository}/manifests/${tag}`)
      if (manifest.status !== 200) wrong.push(`manifest ${repository}:${tag} answers ${manifest.status}`)
    }
  }
  return wrong
}

async function get(place: Place, target: string): Promise<{ readonly status: number; readonly text: string }> {
  const accept = 'accept: */*\r\n'
  const message = `GET ${target} HTTP/1.1\r\nhost: ${place.host}\r\n${accept}connection: close\r\n\r\n`
  return await sendRaw(place, Buffer.from(message), POLITE)
}
