import { setImmediate } from 'node:timers/promises'

import { abortable, type AbortOptions, type ByteStream } from '@drayage/bytes'

import { expectSuccess, readMessages } from './answers.ts'
import { answerOf, type Engine, openRequest, type OpenRequest } from './engine.ts'

/** Options of a load. */
export interface LoadOptions extends AbortOptions {
  /** Called with what the engine says, such as `Loaded image: alpine:3`. */
  readonly onMessage?: (text: string) => void
}

/** A docker-archive on its way into an engine. It ends with `finish` or with `discard`. */
export interface ImageLoad {
  /**
   * Sends the next bytes; resolves when the array is free for reuse, at the pace of the engine.
   *
   * @throws the errors of `finish`, as soon as the engine reports one
   */
  write(bytes: Uint8Array): Promise<void>
  /**
   * Ends the archive; resolves when the engine has its images.
   *
   * @throws DockerEngineError `ERR_DOCKER_ENGINE`
   * @throws DockerConnectionError `ERR_DOCKER_CONNECTION`
   * @throws DockerProtocolError `ERR_DOCKER_PROTOCOL`
   */
  finish(): Promise<void>
  /** Gives up: the engine gets no whole archive and loads nothing. */
  discard(): Promise<void>
}

const ACTION = 'load images into'

/**
 * Begins to load a docker-archive, as `docker load` does.
 *
 * @see Docker Engine API v1.47, "Import images"
 */
export function beginLoad(engine: Engine, version: string, options: LoadOptions = {}): ImageLoad {
  // Progress of each layer shows that the engine is at work, however long that takes.
  const path = `/v${version}/images/load?quiet=0`
  const headers = { 'content-type': 'application/x-tar' }
  const open = openRequest(engine, { method: 'POST', path, headers, action: ACTION, signal: options.signal })
  const { request } = open
  let isLoaded = false
  const answer = readAnswer(engine, open, options).then(() => void (isLoaded = true))
  answer.catch(() => {})
  open.watch(false)
  return {
    async write(bytes) {
      // An answer that has come is read before a write finds the connection closed, which would lose it.
      await setImmediate()
      if (isLoaded) return
      open.watch(true)
      try {
        await Promise.race([written(open, bytes), answer])
      } catch (error) {
        // The connection is gone: the engine's last words, if there were any, say more than that.
        await answer
        // The engine has seen the end of the archive, whatever follows.
        if (!isLoaded) throw error
      } finally {
        open.watch(false)
      }
    },
    async finish() {
      open.watch(true)
      request.end()
      await answer
    },
    async discard() {
      request.destroy()
      await answer.catch(() => {})
    },
  }
}

/**
 * Loads a docker-archive from a stream.
 *
 * @throws the errors of {@link ImageLoad.finish}
 */
export async function sendArchive(load: ImageLoad, archive: ByteStream, { signal }: AbortOptions): Promise<void> {
  try {
    for await (const chunk of abortable(archive, { signal })) await load.write(chunk)
    await load.finish()
  } catch (error) {
    await load.discard()
    throw error
  }
}

async function written({ request, failure }: OpenRequest, bytes: Uint8Array): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    request.write(bytes, (error) => (error ? reject(failure(error)) : resolve()))
  })
}

async function readAnswer(engine: Engine, open: OpenRequest, options: LoadOptions): Promise<void> {
  const { onMessage = (): void => {}, signal } = options
  const answer = answerOf(open, await open.response)
  const { body } = await expectSuccess(engine, ACTION, answer, { signal })
  await readMessages(engine, ACTION, body, onMessage)
}
