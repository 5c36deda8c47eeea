import type { AbortOptions } from '@drayage/bytes'
import { isContentError, NameNotFoundError, readBlob, type Fetcher } from '@drayage/content'
import { decodeImageConfig } from '@drayage/manifest'

import { ImageNotFoundError } from '../errors.ts'
import { USE_PRECISION_MS, type ImageStore } from '../image-ports.ts'
import type { Tables } from '../tables.ts'
import { rememberConfigs } from './config-cache.ts'
import { findTargets } from './find-images.ts'
import type { Apply, Ledger } from './ledger.ts'
import { listStored, storedImage } from './listed-images.ts'
import { storedName, storedNameText } from './name-rules.ts'
import { assertKept, putContent, setNames, type Changing } from './put-images.ts'
import { dropUnneeded, removeContent, removeTargets } from './removal.ts'

/** How many repositories are kept for one blob, as many as Docker Engine keeps. */
export const MAX_SOURCES: number = 50

/** What an image store works on. */
export interface ImageStoreParts {
  readonly tables: Tables
  readonly content: Fetcher
  readonly ledger: Ledger
  readonly now: () => number
}

/** The image store over some tables. */
export function openImageStore({ tables, content, ledger, now }: ImageStoreParts): ImageStore {
  const { names, targets, contents, sources } = tables

  const readConfig = rememberConfigs(async (config, options) =>
    decodeImageConfig(await readBlob(content, config, options), { ...config, anyCase: true }),
  )
  const change = (apply: Apply): Changing => ({ tables, apply, now })
  const check = (options: AbortOptions = {}): void => options.signal?.throwIfAborted()

  return {
    async resolve(name, options) {
      check(options)
      const record = names.get(storedNameText(name))
      if (record === undefined) throw new NameNotFoundError(storedNameText(name))
      return record.target
    },
    async tag(target, name, options) {
      check(options)
      ledger.transact((apply) => {
        putContent(change(apply), target, {})
        setNames(change(apply), [{ name, target }])
      })
    },
    async setNames(given, options) {
      check(options)
      ledger.transact((apply) => setNames(change(apply), given))
    },
    async untag(name, options) {
      check(options)
      return ledger.transact((apply) => {
        const record = names.get(storedNameText(name))
        if (record === undefined) return false
        apply({ op: 'unname', name: storedName(name) })
        dropUnneeded(tables, record.target.digest, apply)
        return true
      })
    },
    async targetOf(name, options) {
      check(options)
      return names.get(storedNameText(name))?.target
    },
    async listNames(options) {
      check(options)
      return names.list()
    },
    async put(target, added, { names: given = [], keptBy, signal } = {}) {
      check({ signal })
      ledger.transact((apply) => {
        if (keptBy !== undefined) assertKept(tables, keptBy, target, added)
        putContent(change(apply), target, added)
        const named = given.map((each) => ({ ...each, target }))
        setNames(change(apply), named)
      })
    },
    async get({ digest }, options) {
      check(options)
      return tables.snapshot(() => storedImage(tables, digest))
    },
    async findImage({ digest }, options) {
      check(options)
      const content = contents.get(digest)
      return content?.kind === 'image' ? content.image : undefined
    },
    async list(options) {
      check(options)
      return tables.snapshot(() => listStored(tables))
    },
    async find(text, options) {
      check(options)
      return tables.snapshot(() => {
        const { targets: found, name, digest } = findTargets(tables, text)
        const [first, ...others] = found.flatMap((each) => storedImage(tables, each) ?? [])
        if (first === undefined) throw new ImageNotFoundError(text)
        return { images: [first, ...others], name, digest }
      })
    },
    async remove(removal, options) {
      check(options)
      return ledger.transact((apply) => removeTargets(tables, removal, apply))
    },
    async removeContent(target, manifests, options) {
      check(options)
      return ledger.transact((apply) => removeContent(tables, target, manifests, apply))
    },
    async readConfig({ manifest, config }, options = {}) {
      try {
        return await readConfig(config, options)
      } catch (error) {
        // A removal of the image since it was found took its config too.
        const isMissing = isContentError(error) && error.code === 'ERR_CONTENT_NOT_FOUND'
        const isGone = isMissing && contents.get(manifest.digest) === undefined
        throw isGone ? new ImageNotFoundError(config.digest, { cause: error }) : error
      }
    },
    async recordFacts(facts, options) {
      check(options)
      tables.transaction(() => {
        for (const [manifest, each] of facts) contents.setFacts(manifest, each)
      })
    },
    async recordUse({ digest }, options) {
      check(options)
      const found = new Set([digest, ...contents.targetsOf(digest)])
      const nowMs = now()
      const due = [...found].filter((each) => {
        const row = targets.get(each)
        // A time from the future is of a clock that was wrong.
        const sinceMs = row === undefined ? 0 : nowMs - (row.usedAtMs ?? row.addedAtMs)
        return row !== undefined && (sinceMs < 0 || sinceMs >= USE_PRECISION_MS)
      })
      if (due.length === 0) return
      tables.transaction(() => {
        for (const each of due) targets.use(each, nowMs)
      })
    },
    async recordSources(content, repository, options) {
      check(options)
      tables.transaction(() => {
        for (const source of content) sources.put(source, repository, MAX_SOURCES)
      })
    },
    async forgetSource(digest, repository, options) {
      check(options)
      sources.remove(digest, repository)
    },
    async sourcesOf(digest, options) {
      check(options)
      return sources.of(digest)
    },
  }
}
