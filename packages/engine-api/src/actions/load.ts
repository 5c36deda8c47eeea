import { fromBytes } from '@drayage/bytes'
import type { HttpResponse } from '@drayage/content'
import type { ImageId } from '@drayage/digest'
import type { DistributionEvent } from '@drayage/distribution'
import { familiarReference } from '@drayage/reference'
import { loadImages, type LoadedImage } from '@drayage/runtime'

import type { Exchange } from '../exchange.ts'
import { imageAttributes } from '../image-attributes.ts'
import { platformOf } from '../platform-of.ts'
import { loadLine } from '../progress-line.ts'
import { progressResponse } from '../progress-stream.ts'
import { booleanOf } from '../query.ts'

/**
 * `POST /images/load[?quiet=0][&platform=P]`: the archive is the body, and of an index the image for the platform is loaded. As with Docker Engine, every failure is a line of the stream.
 */
export async function loadAction(exchange: Exchange): Promise<HttpResponse> {
  const { runtime, query, events, request } = exchange
  const isQuiet = !query.has('quiet') || booleanOf(query, 'quiet')
  const input = request.body ?? fromBytes()
  const platform = platformOf(query)
  return await progressResponse(
    exchange,
    async (emit, signal) => {
      const onEvent = (event: DistributionEvent): void => {
        exchange.onEvent?.(event)
        if (!isQuiet) emit(loadLine(event))
      }
      const loaded: ImageId[] = []
      const onLoaded = ({ image, names, taken }: LoadedImage): void => {
        for (const { name, from } of taken) {
          const text = `The image ${familiarReference(name)} already exists, renaming the old one with ID ${from} to empty string\n`
          emit({ stream: text })
        }
        for (const name of names) emit({ stream: `Loaded image: ${familiarReference(name)}\n` })
        if (names.length === 0) emit({ stream: `Loaded image ID: ${image}\n` })
        loaded.push(image)
      }
      try {
        await loadImages(runtime, input, { signal, onEvent, onLoaded, ...(platform && { platform }) })
      } finally {
        for (const image of loaded)
          events.publish('load', image, { ...(await imageAttributes(exchange, image)), name: image })
      }
    },
    { alwaysStreams: true, readsInput: true },
  )
}
