import type { OnRegistryEvent } from '../events.ts'
import { quote } from '@drayage/bytes'

const LONGEST_WARNING = 4096

/**
 * Reports what the headers of an answer say to the user: the `Warning` header with code 299, and the rate limit.
 *
 * @see OCI distribution-spec v1.1.1, "Warnings"
 */
export function reportHeaders(host: string, headers: Readonly<Record<string, string>>, onEvent: OnRegistryEvent): void {
  const text = warningText(headers['warning']?.slice(0, LONGEST_WARNING) ?? '')
  if (text !== undefined) onEvent({ type: 'warning', host, text: quote(text) })
  const limit = leadingNumber(headers['ratelimit-limit'])
  const remaining = leadingNumber(headers['ratelimit-remaining'])
  if (limit !== undefined && remaining !== undefined) onEvent({ type: 'rate-limit', host, limit, remaining })
}

/** The text of the first `299 - "text"`. */
function warningText(header: string): string | undefined {
  const match = /^\s*299 \S+ "((?:[^"\\]|\\.)*)"/.exec(header)
  return match?.[1]?.replaceAll(/\\(.)/g, '$1')
}

/** Docker Hub writes `100;w=21600`. */
function leadingNumber(text: string | undefined): number | undefined {
  const match = /^\s*(\d{1,15})/.exec(text ?? '')
  return match === null ? undefined : Number(match[1])
}
