import { join } from 'node:path'

import type { ContentStore } from '@drayage/content'

import type { Links, NamePage, RegistryStorage } from '../storage/storage.ts'
import {
  decodeDescriptor,
  decodeSession,
  decodeTag,
  digestFile,
  encodeRecord,
  fileDigest,
  fileRepository,
  fileTag,
  repositoryFile,
  tagFile,
} from './records.ts'
import { type Files, openFiles } from './files.ts'

/**
 * Creates a storage that keeps its records in small files below `directory` and its bytes in `content`. It survives
 * restarts and crashes, and several processes may use one directory:
 *
 * ```text
 * repositories/<name, / as +>/blobs/<digest>          descriptor
 *                             manifests/<digest>      descriptor
 *                             tags/<tag>+<capitals>   digest
 *                             referrers/<subject>/<digest>
 * uploads/<id>                                        repository and start
 * ```
 */
export function createFsStorage(directory: string, content: ContentStore): RegistryStorage {
  const files = openFiles(directory)
  const names = { repositories: (page: NamePage) => listRepositories(files, page) }
  return {
    content,
    blobs: links(files, 'blobs'),
    manifests: links(files, 'manifests'),
    tags: tags(files),
    referrers: referrers(files),
    names: { ...names, tags: (repository, page) => listTags(files, repository, page) },
    uploads: uploads(files),
  }
}

function inRepository(repository: string, ...rest: readonly string[]): string {
  return join('repositories', repositoryFile(repository), ...rest)
}

function links(files: Files, kind: 'blobs' | 'manifests'): Links {
  return {
    async link(repository, what) {
      await files.write(inRepository(repository, kind, digestFile(what.digest)), encodeRecord(what))
    },
    async find(repository, digest) {
      const path = inRepository(repository, kind, digestFile(digest))
      const text = await files.read(path)
      return text === undefined ? undefined : decodeDescriptor(path, text)
    },
    unlink: (repository, digest) => files.remove(inRepository(repository, kind, digestFile(digest))),
  }
}

function tags(files: Files): RegistryStorage['tags'] {
  return {
    set: (repository, tag, digest) => files.write(inRepository(repository, 'tags', tagFile(tag)), `${digest}\n`),
    async get(repository, tag) {
      const path = inRepository(repository, 'tags', tagFile(tag))
      const text = await files.read(path)
      return text === undefined ? undefined : decodeTag(path, text)
    },
    remove: (repository, tag) => files.remove(inRepository(repository, 'tags', tagFile(tag))),
  }
}

function referrers(files: Files): RegistryStorage['referrers'] {
  return {
    async add(repository, subject, referrer) {
      const path = inRepository(repository, 'referrers', digestFile(subject), digestFile(referrer.digest))
      await files.write(path, encodeRecord(referrer))
    },
    async *list(repository, subject, { after = '', signal } = {}) {
      const directory = inRepository(repository, 'referrers', digestFile(subject))
      for (const name of (await files.list(directory)) ?? []) {
        signal?.throwIfAborted()
        const digest = fileDigest(name)
        if (digest === undefined || digest <= after) continue
        const text = await files.read(join(directory, name))
        if (text !== undefined) yield decodeDescriptor(join(directory, name), text)
      }
    },
    async remove(repository, subject, referrer) {
      await files.remove(inRepository(repository, 'referrers', digestFile(subject), digestFile(referrer)))
    },
  }
}

function uploads(files: Files): RegistryStorage['uploads'] {
  return {
    open: (session) => files.write(join('uploads', session.id), encodeRecord(session)),
    async find(id) {
      const text = await files.read(join('uploads', id))
      return text === undefined ? undefined : decodeSession(join('uploads', id), text)
    },
    async close(id) {
      await files.remove(join('uploads', id))
    },
    async *uploads({ signal } = {}) {
      for (const id of (await files.list('uploads')) ?? []) {
        signal?.throwIfAborted()
        const text = await files.read(join('uploads', id))
        if (text !== undefined) yield decodeSession(join('uploads', id), text)
      }
    },
  }
}

async function listRepositories(files: Files, page: NamePage): Promise<string[]> {
  return pageOf(((await files.list('repositories')) ?? []).map(fileRepository), page)
}

async function listTags(files: Files, repository: string, page: NamePage): Promise<string[] | undefined> {
  const found = await files.list(inRepository(repository, 'tags'))
  if (found !== undefined)
    return pageOf(
      found.flatMap((name) => fileTag(name) ?? []),
      page,
    )
  return (await files.list(inRepository(repository))) === undefined ? undefined : []
}

function pageOf(found: readonly string[], { after = '', limit }: NamePage): string[] {
  return found
    .filter((name) => name > after)
    .sort()
    .slice(0, limit)
}
