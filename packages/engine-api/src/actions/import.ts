import type { HttpResponse } from '@drayage/content'
import { fromBytes } from '@drayage/bytes'
import { familiarReference, parseReference, withTag } from '@drayage/reference'
import { importImage } from '@drayage/runtime'

import { EngineRequestError } from '../errors.ts'
import type { Exchange } from '../exchange.ts'
import { eventIdentity } from '../images/image-events.ts'
import { queryPlatform } from '../images/query-platform.ts'
import type { ProgressLine } from '../progress/progress-line.ts'
import { progressResponse } from '../progress/progress-stream.ts'
import { queryText } from '../http/query.ts'

/**
 * `POST /images/create?fromSrc=-[&repo=NAME][&tag=TAG][&message=TEXT][&changes=LINE...][&platform=P]`: the tar of a file
 * tree is the body. A URL is not fetched, since clients could make the daemon send requests to any server it can reach.
 */
export async function importAction(exchange: Exchange): Promise<HttpResponse> {
  const { runtime, query, events, request } = exchange
  if (query.get('fromSrc') !== '-') {
    throw new EngineRequestError(501, 'cannot import from a URL: download the archive and import it from -')
  }
  const platform = queryPlatform(query)
  if (platform !== undefined && platform.os !== runtime.platform.os) {
    throw new EngineRequestError(400, 'operating system is not supported')
  }
  const changes = query.getAll('changes')
  const options = {
    name: importedName(query),
    changes,
    comment: queryText(query, 'message') ?? 'Imported from -',
    ...(platform === undefined ? {} : { platform }),
  }
  const work = async (emit: (line: ProgressLine) => void, signal: AbortSignal): Promise<void> => {
    const { image, name } = await importImage(runtime, request.body ?? fromBytes(), { ...options, signal })
    const { id, labels } = await eventIdentity(exchange, image)
    emit({ status: id })
    if (name !== undefined) events.publish('tag', id, { ...labels, name: familiarReference(name) })
    events.publish('import', id, { ...labels, name: id })
  }
  return await progressResponse(exchange, work, { readsInput: true })
}

function importedName(query: URLSearchParams): string | undefined {
  const repository = queryText(query, 'repo')
  if (repository === undefined) return undefined
  const tag = queryText(query, 'tag')
  const named = parseReference(repository)
  if (named.digest !== undefined) throw new EngineRequestError(400, 'cannot import digest reference')
  return familiarReference(tag === undefined ? named : withTag(named, tag))
}
