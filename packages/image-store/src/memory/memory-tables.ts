import type { Digest } from '@drayage/digest'
import { formatRepository } from '@drayage/reference'

import { storedName, storedNameText } from '../images/name-rules.ts'
import type { ContentSource } from '../image-ports.ts'
import type { UploadRecord } from '../ports.ts'
import type { NameRecord } from '../stored-image.ts'
import type { LeaseTable, NameTable, SourceTable, Tables, UploadTable } from '../tables.ts'
import { memoryContents } from './memory-contents.ts'
import { memoryHoldings } from './memory-holdings.ts'
import { by, pageOf, Rows } from './rows.ts'

/** Tables in memory, for one process. */
export function openMemoryTables(): Tables {
  const all: { begin(): void; end(isKept: boolean): void }[] = []
  const rows = <Row>(): Rows<Row> => {
    const created = new Rows<Row>()
    all.push(created)
    return created
  }
  const named = rows<NameRecord>()
  const contents = memoryContents({ named, targets: rows(), contents: rows(), members: rows() })
  let depth = 0
  return {
    names: nameTable(named),
    ...contents,
    sources: sourceTable(rows()),
    leases: leaseTable(rows(), rows()),
    holdings: memoryHoldings({ named, held: rows(), parts: rows(), referring: rows() }),
    uploads: uploadTable(rows()),
    snapshot: (work) => work(),
    transaction(work) {
      if (depth > 0) return work()
      depth++
      for (const each of all) each.begin()
      let isKept = false
      try {
        const result = work()
        isKept = true
        return result
      } finally {
        depth--
        for (const each of all) each.end(isKept)
      }
    },
  }
}

function nameTable(rows: Rows<NameRecord>): NameTable {
  const sorted = (isWanted?: (record: NameRecord) => boolean): NameRecord[] =>
    rows.where(isWanted).sort(by((record) => record.reference))
  return {
    get: (reference) => rows.get(reference),
    list: () => sorted(),
    ofTarget: (target) => sorted((record) => record.target.digest === target),
    inRepository: (repository, target) =>
      sorted((record) => record.target.digest === target).find(
        ({ name }) => formatRepository(name) === formatRepository(repository),
      ),
    tags(repository, page) {
      const here = rows.where(({ name }) => formatRepository(name) === formatRepository(repository))
      return pageOf(
        here.flatMap(({ name: { tag } }) => (tag === undefined ? [] : [tag])),
        page,
      )
    },
    set({ name, target, isPinned = false }, namedAtMs) {
      const reference = storedNameText(name)
      rows.set(reference, { reference, name: storedName(name), target, isPinned, namedAtMs })
    },
    remove: (reference) => rows.remove(reference),
  }
}

interface SourceRow {
  readonly digest: Digest
  readonly source: ContentSource
}

function sourceTable(rows: Rows<SourceRow>): SourceTable {
  const keyOf = (digest: Digest, { domain, path }: ContentSource): string => `${digest} ${domain}/${path}`
  const of = (digest: Digest): ContentSource[] =>
    rows
      .where((row) => row.digest === digest)
      .map(({ source }) => source)
      .toReversed()
  return {
    put({ digest, auth }, { domain, path }, most) {
      const source = { domain, path, ...(auth !== undefined && { auth }) }
      rows.set(keyOf(digest, source), { digest, source })
      for (const old of of(digest).slice(most)) rows.remove(keyOf(digest, old))
    },
    remove: (digest, repository) => rows.remove(keyOf(digest, repository)),
    of,
  }
}

interface LeaseRow {
  readonly holder: string
  readonly digest: Digest
}

interface HolderRow {
  readonly id: string
  readonly life?: string
  readonly endedAtMs?: number
}

function leaseTable(leases: Rows<LeaseRow>, holders: Rows<HolderRow>): LeaseTable {
  const remove = (holder: string): void => {
    holders.remove(holder)
    leases.removeWhere((row) => row.holder === holder)
  }
  const end = ({ id }: HolderRow, endedAtMs: number): void => holders.set(id, { id, endedAtMs })
  return {
    begin: (holder, life) => holders.set(holder, { id: holder, life }),
    put: (holder, digest) => leases.set(`${holder} ${digest}`, { holder, digest }),
    drop: (holder, digest) => leases.remove(`${holder} ${digest}`),
    remove,
    isLeased: (digest) => leases.where((row) => row.digest === digest).length > 0,
    isKept: (digest) =>
      leases.where((row) => row.digest === digest && holders.get(row.holder)?.life !== undefined).length > 0,
    isKeptBy: (holder, digest) => leases.get(`${holder} ${digest}`) !== undefined,
    lives: () => [...new Set(holders.where().flatMap(({ life }) => life ?? []))],
    end: (holder, atMs) => {
      for (const row of holders.where(({ id }) => id === holder)) end(row, atMs)
    },
    endLife: (life, atMs) => {
      for (const row of holders.where((each) => each.life === life)) end(row, atMs)
    },
    expire(beforeMs, nowMs) {
      for (const row of holders.where(({ endedAtMs = -Infinity }) => endedAtMs > nowMs)) end(row, nowMs)
      for (const { id } of holders.where(({ endedAtMs }) => endedAtMs !== undefined && endedAtMs <= beforeMs))
        remove(id)
    },
  }
}

function uploadTable(rows: Rows<UploadRecord>): UploadTable {
  return {
    put: (upload) => rows.set(upload.id, upload),
    get: (id) => rows.get(id),
    remove: (id) => rows.remove(id),
    list: () => rows.where().sort((a, b) => a.startedAtMs - b.startedAtMs || (a.id < b.id ? -1 : 1)),
  }
}
