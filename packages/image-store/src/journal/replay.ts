import type { AbortOptions } from '@drayage/bytes'
import type { Checker, Fetcher } from '@drayage/content'
import type { ImageId } from '@drayage/digest'

import { applyChange } from '../images/ledger.ts'
import { storedNameText } from '../images/name-rules.ts'
import { nameChange } from '../images/present-state.ts'
import { openMemoryTables } from '../memory/memory-tables.ts'
import type { PlatformImage } from '../stored-image.ts'
import { countDamaged, isOfToday } from './applied-journal.ts'
import type { Change, FirstChange, FirstName } from './change.ts'
import type { FirstImage } from './first-content.ts'
import { fromFirstModel, type FirstModel } from './first-model.ts'
import { readLines } from './journal.ts'

/** What a journal says in the end. */
export interface ReplayedJournal {
  /** Each target once, with all that it has. */
  readonly puts: readonly (Change & { readonly op: 'put' })[]
  readonly names: readonly (Change & { readonly op: 'name' })[]
  /** Names of images that the journal does not have. */
  readonly lostNames: readonly string[]
  readonly damagedLines: number
}

/** Reads a journal of any release. `content` is read for what releases before this model wrote. */
export async function replayJournal(
  journal: string,
  content: Fetcher & Checker,
  options: AbortOptions = {},
): Promise<ReplayedJournal> {
  const tables = openMemoryTables()
  const first = new FirstReplay()
  const { lines } = readLines(journal, 0)
  for (const change of lines.flatMap((changes) => changes ?? [])) {
    first.replay(change)
    if (isOfToday(change)) applyChange(tables, change)
  }
  const model = first.model()
  for (const change of await fromFirstModel(model, content, options)) applyChange(tables, change)
  const held = Map.groupBy(tables.contents.list(), ({ target }) => target)
  return {
    puts: tables.targets.list().map(({ target, addedAtMs: atMs }) => {
      const contents = (held.get(target.digest) ?? []).map(({ content: row }) => row)
      return { op: 'put', target, contents, atMs }
    }),
    names: tables.names.list().map(nameChange),
    lostNames: model.names
      .map(({ name }) => storedNameText(name))
      .filter((each) => tables.names.get(each) === undefined),
    damagedLines: countDamaged(lines),
  }
}

/** The changes of the first model; those of today that take away names are of both. */
class FirstReplay {
  readonly #images = new Map<ImageId, FirstImage>()
  readonly #names = new Map<string, FirstName>()

  replay(change: Change | FirstChange): void {
    switch (change.op) {
      case 'first-name':
        this.#names.set(storedNameText(change.name.name), change.name)
        return
      case 'first-image':
        return this.#put(change.image, change.atMs)
      case 'first-unimage':
        this.#images.delete(change.id)
        return
      case 'name':
      case 'unname':
        this.#names.delete(storedNameText(change.name))
        return
      case 'reset':
        this.#images.clear()
        this.#names.clear()
        return
      default:
    }
  }

  model(): FirstModel {
    return { images: [...this.#images.values()], names: [...this.#names.values()] }
  }

  #put(image: PlatformImage, atMs: number): void {
    const known = this.#images.get(image.id)
    const others = (known?.manifests ?? []).filter(({ digest }) => digest !== image.manifest.digest)
    const addedAtMs = known?.addedAtMs ?? atMs
    this.#images.set(image.id, { image, manifests: [...others, image.manifest], addedAtMs })
  }
}
