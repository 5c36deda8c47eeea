import { isDigest, type Digest } from '@drayage/digest'
import { disk, holdPlace, replaceHeldFile, unlessMissing } from '@drayage/files'
import { SyncFileError } from '@drayage/sync'

/** Which image of an index was chosen. */
export interface ChosenImage {
  /** The index. */
  readonly source: Digest
  /** Which platforms were chosen, and how. */
  readonly choice: string
  readonly target: Digest
}

/** What earlier syncs chose, by target. */
export interface SyncState {
  /** What the same choice gave, if it is known. */
  find(to: string, asked: Omit<ChosenImage, 'target'>): Digest | undefined
  set(to: string, chosen: ChosenImage): void
  /** Replaces the file when something changed. */
  save(): Promise<void>
}

/** The most bytes of a state file. */
const MAX_STATE_BYTES = 64 * 1024 * 1024

/**
 * Opens what earlier syncs chose; without a file nothing is remembered.
 *
 * @throws SyncFileError `ERR_SYNC_FILE` for a file that is something else
 */
export async function openSyncState(file: string | undefined): Promise<SyncState> {
  const chosen = file === undefined ? new Map<string, ChosenImage>() : await readState(file)
  let isChanged = false
  return {
    find(to, { source, choice }) {
      const known = chosen.get(to)
      return known?.source === source && known.choice === choice ? known.target : undefined
    },
    set(to, image) {
      const { source, choice, target } = chosen.get(to) ?? {}
      if (source === image.source && choice === image.choice && target === image.target) return
      chosen.set(to, image)
      isChanged = true
    },
    async save() {
      if (file === undefined || !isChanged) return
      await using place = await holdPlace(file)
      const images = Object.fromEntries(chosen)
      await replaceHeldFile(place, `${JSON.stringify({ version: 1, images }, null, 1)}\n`)
      isChanged = false
    },
  }
}

async function readState(file: string): Promise<Map<string, ChosenImage>> {
  const bytes = await unlessMissing(disk.readFile(file))
  if (bytes === undefined) return new Map()
  const images = bytes.byteLength > MAX_STATE_BYTES ? undefined : imagesOf(bytes.toString())
  if (images === undefined) throw new SyncFileError(file, 'another file', 'the state of an earlier sync')
  return new Map(Object.entries(images).flatMap(([to, image]) => (isChosen(image) ? [[to, image]] : [])))
}

function imagesOf(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text)
    const isState = typeof value === 'object' && value !== null && 'version' in value && value.version === 1
    return isState && 'images' in value && typeof value.images === 'object' && value.images !== null
      ? value.images
      : undefined
  } catch {
    return undefined
  }
}

function isChosen(value: unknown): value is ChosenImage {
  if (typeof value !== 'object' || value === null) return false
  return (
    'source' in value &&
    isDigest(value.source) &&
    'target' in value &&
    isDigest(value.target) &&
    'choice' in value &&
    typeof value.choice === 'string'
  )
}
