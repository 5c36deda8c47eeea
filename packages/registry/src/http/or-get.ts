import { discardBody } from './body.ts'
import type { HttpTransport } from './transport.ts'

/**
 * Asks by GET what HEAD was refused for another reason than absence: some registries serve GET alone, and only its answer
 * has a body that says why. The body of what is there has to be closed by the caller.
 */
export function orGet(http: HttpTransport): HttpTransport {
  return async (request) => {
    const response = await http(request)
    const isRefused = request.method === 'HEAD' && response.status >= 400 && response.status !== 404
    if (!isRefused) return response
    await discardBody(response)
    return { ...(await http({ ...request, method: 'GET' })), method: 'GET' }
  }
}
