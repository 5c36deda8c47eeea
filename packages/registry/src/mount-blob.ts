import type { AbortOptions } from '@drayage/bytes'
import type { Descriptor } from '@drayage/manifest'
import type { Repository } from '@drayage/reference'

import { discardBody } from './body.ts'
import { isManifestContent } from './content-path.ts'
import type { Answer } from './endpoint.ts'
import { RegistryError } from './errors.ts'
import { openUpload, uploadsPath, follow, refusalOf, type UploadContext } from './upload.ts'
import { sessionOf } from './upload-session.ts'
import { NO_SESSIONS } from './upload-sessions.ts'

/** Answers by which registries say that they do not mount; none of them keeps the content from being uploaded. */
const REFUSED: ReadonlySet<number> = new Set([400, 401, 403, 404, 405, 501])

/**
 * Asks the registry to take a blob from another of its repositories. When it opens an upload in place of that, the upload
 * is kept for who begins one.
 *
 * @see OCI distribution-spec v1.1.1, "Mounting a blob from another repository" (end-11)
 */
export async function mountBlob(
  context: UploadContext,
  what: Descriptor,
  from: Repository,
  options: AbortOptions = {},
): Promise<boolean> {
  const { endpoint, repository } = context
  const isHere = from.domain === repository.domain && from.path !== repository.path
  if (!isHere || isManifestContent(what)) return false
  const query = new URLSearchParams({ mount: what.digest, from: from.path })
  let answer: Answer
  try {
    answer = await endpoint.send({
      method: 'POST',
      path: `${uploadsPath(context)}?${query.toString()}`,
      signal: options.signal,
    })
    if (![201, 202].includes(answer.response.status)) throw await refusalOf(answer)
  } catch (error) {
    if (error instanceof RegistryError && REFUSED.has(error.status)) return false
    throw error
  }
  await discardBody(answer.response)
  if (answer.response.status === 201) return true
  const session = sessionOf(endpoint, answer)
  if (session === undefined) return false
  // Not kept yet: a session that is, from before, has bytes.
  const upload = openUpload({ ...context, sessions: NO_SESSIONS }, what.digest)
  await follow(upload, session, answer)
  context.opened.set(what.digest, upload)
  return false
}
