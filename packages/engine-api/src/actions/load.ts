import { escapeText, fromBytes } from '@drayage/bytes'
import type { HttpResponse } from '@drayage/content'
import { isDistributionError, loadedLines, type DistributionEvent } from '@drayage/distribution'
import { loadImages, type LoadedImage } from '@drayage/runtime'

import { EngineRequestError } from '../errors.ts'
import type { Exchange } from '../exchange.ts'
import { eventIdentity } from '../images/image-events.ts'
import { queryPlatforms } from '../images/query-platform.ts'
import { loadLine } from '../progress/progress-line.ts'
import { progressResponse } from '../progress/progress-stream.ts'
import { querySwitch } from '../http/query.ts'

/**
 * `POST /images/load[?quiet=0][&platform=P...]`: the archive is the body; of an index, the images for the platforms are
 * loaded, or all that the archive has. As with Docker Engine, every failure is a line of the stream.
 */
export async function loadAction(exchange: Exchange): Promise<HttpResponse> {
  const { runtime, query, events, request } = exchange
  const isQuiet = !query.has('quiet') || querySwitch(query, 'quiet')
  const input = request.body ?? fromBytes()
  const platforms = queryPlatforms(exchange, { key: 'platform', from: 48, severalFrom: 52 })
  // Docker Engine 29 keeps images for any system.
  const system = runtime.platform.os
  return await progressResponse(
    exchange,
    async (emit, signal) => {
      const onEvent = (event: DistributionEvent): void => {
        exchange.onEvent?.(event)
        if (!isQuiet) emit(loadLine(event))
      }
      const loaded: string[] = []
      const onLoaded = (one: LoadedImage): void => {
        for (const line of loadedLines(one)) emit({ stream: `${line}\n` })
        loaded.push(one.image)
      }
      try {
        await loadImages(runtime, input, {
          signal,
          onEvent,
          onLoaded,
          ...(runtime.imageId === 'config' && { system }),
          ...(platforms.length > 0 && { platforms }),
        })
      } catch (error) {
        if (!isDistributionError(error) || error.code !== 'ERR_SYSTEM_UNSUPPORTED') throw error
        const name = escapeText(error.system, 64)
        throw new EngineRequestError(400, `cannot load ${name} image on ${system}`, { cause: error })
      } finally {
        for (const image of loaded) {
          const { labels } = await eventIdentity(exchange, image)
          events.publish('load', image, { ...labels, name: image })
        }
      }
    },
    { alwaysStreams: true, readsInput: true },
  )
}
