import type { AbortOptions } from '@drayage/bytes'
import type { Descriptor } from '@drayage/manifest'
import type { Repository } from '@drayage/reference'

import { errorOf, type EndpointAnswer } from '../endpoints/answer.ts'
import { isManifestContent } from '../endpoints/repository-path.ts'
import { RegistryError } from '../errors/answer-errors.ts'
import { discardBody } from '../http/body.ts'
import { NO_SESSIONS } from './session-store.ts'
import { Upload, uploadsPath, type UploadContext } from './upload.ts'
import { namedAddress } from './upload-address.ts'

/** Answers by which registries say that they do not mount; none of them keeps the content from being uploaded. */
const REFUSED: ReadonlySet<number> = new Set([400, 401, 403, 404, 405, 501])

/** Whether a blob was mounted; if not, the upload that the registry has opened instead, where it did. */
export type MountOutcome = { readonly isMounted: boolean; readonly upload?: Upload }

/**
 * Asks the registry to take a blob from another of its repositories.
 *
 * @see OCI distribution-spec v1.1.1, "Mounting a blob from another repository" (end-11)
 */
export async function mountBlob(
  context: UploadContext,
  what: Descriptor,
  from: Repository,
  { signal }: AbortOptions = {},
): Promise<MountOutcome> {
  const { remote } = context
  const isHere = from.domain === remote.name.domain && from.path !== remote.name.path
  if (!isHere || isManifestContent(what)) return { isMounted: false }
  const query = new URLSearchParams({ mount: what.digest, from: from.path })
  let answer: EndpointAnswer
  try {
    const path = `${uploadsPath(remote)}?${query.toString()}`
    answer = await remote.endpoint.send({ method: 'POST', path, signal })
    if (![201, 202].includes(answer.response.status)) throw await errorOf(answer)
  } catch (error) {
    if (error instanceof RegistryError && REFUSED.has(error.status)) return { isMounted: false }
    throw error
  }
  await discardBody(answer.response)
  if (answer.response.status === 201) return { isMounted: true }
  if (namedAddress(remote.endpoint, answer) === undefined) return { isMounted: false }
  // Not kept yet: a session that is kept, from before, has bytes.
  const upload = new Upload({ ...context, sessions: NO_SESSIONS }, what.digest)
  await upload.accept(answer)
  return { isMounted: false, upload }
}
