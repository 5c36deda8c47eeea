import { formatPlatform, type Platform } from '@drayage/manifest'

import { EngineRequestError } from '../errors.ts'

/**
 * Does work with a stored image, and tells in Docker Engine's words when it has no image for the platform.
 *
 * @param name as the client wrote it
 * @param platform that the client asks for, if any
 * @throws EngineRequestError `ERR_ENGINE_REQUEST` with status 404
 */
export async function onPlatform<T>(name: string, platform: Platform | undefined, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!isCoded(error, 'ERR_PLATFORM_NOT_FOUND')) throw error
    throw new EngineRequestError(404, platformWords(name, platform), { cause: error })
  }
}

/** Docker Engine's words for an image without a platform, or without any. */
export function platformWords(name: string, platform: Platform | undefined): string {
  const wanted = platform === undefined ? 'any platform' : `the specified platform (${formatPlatform(platform)})`
  return `image with reference ${name} was found but does not provide ${wanted}`
}

/** Whether an error is one of this code. */
export function isCoded(error: unknown, code: string): error is Error {
  return error instanceof Error && 'code' in error && error.code === code
}
