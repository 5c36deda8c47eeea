import type { HttpResponse } from '@drayage/content'
import { fromBytes } from '@drayage/bytes'
import { familiarReference, parseReference, withTag } from '@drayage/reference'
import { importImage } from '@drayage/runtime'

import { EngineRequestError } from '../errors.ts'
import type { Exchange } from '../exchange.ts'
import { imageAttributes } from '../image-attributes.ts'
import { platformOf } from '../platform-of.ts'
import type { ProgressLine } from '../progress-line.ts'
import { progressText } from '../progress-text.ts'
import { progressResponse } from '../progress-stream.ts'
import { textOf } from '../query.ts'

/**
 * `POST /images/create?fromSrc=-[&repo=NAME][&tag=TAG][&message=TEXT][&changes=LINE...][&platform=P]`: the tar of a file
 * tree is the body. A URL is not fetched: whoever asks would make the daemon ask for them.
 */
export async function importAction(exchange: Exchange): Promise<HttpResponse> {
  const { runtime, query, events, request } = exchange
  if (query.get('fromSrc') !== '-') {
    throw new EngineRequestError(501, 'drayd imports what the client sends: fetch the archive and import it from -')
  }
  const platform = platformOf(query)
  const changes = query.getAll('changes').filter((change) => change.trim() !== '')
  const options = {
    name: importedName(query),
    changes,
    comment: textOf(query, 'message') ?? 'Imported from -',
    ...(platform === undefined ? {} : { platform }),
  }
  const work = async (emit: (line: ProgressLine) => void, signal: AbortSignal): Promise<void> => {
    const onProgress = (current: number): void =>
      emit({ id: '-', status: 'Importing', progressDetail: { current }, progress: progressText(current, 0) })
    const { image, name } = await importImage(runtime, request.body ?? fromBytes(), { ...options, signal, onProgress })
    emit({ status: image })
    const attributes = await imageAttributes(exchange, image)
    if (name !== undefined) events.publish('tag', image, { ...attributes, name: familiarReference(name) })
    events.publish('import', image, { ...attributes, name: image })
  }
  return await progressResponse(exchange, work, { readsInput: true })
}

function importedName(query: URLSearchParams): string | undefined {
  const repository = textOf(query, 'repo')
  if (repository === undefined) return undefined
  const tag = textOf(query, 'tag')
  const named = parseReference(repository)
  if (named.digest !== undefined) throw new EngineRequestError(400, 'cannot import digest reference')
  return familiarReference(tag === undefined ? named : withTag(named, tag))
}
