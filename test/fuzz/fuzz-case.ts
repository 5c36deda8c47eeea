import type { Materials } from './materials.ts'
import { encodeMessage, type Message } from './message.ts'
import type { Random } from './random.ts'
import { POLITE, sendRaw, someManner, type Manner, type Place, type RawAnswer } from './send.ts'

/** Where the daemons under test listen. */
export interface Places {
  /** The Engine API, on a unix socket and on TCP. */
  readonly engines: readonly Place[]
  /** Registry endpoints, the first without users. */
  readonly registries: readonly Place[]
  readonly admins: readonly Place[]
}

/** What one case works with. */
export interface CaseContext {
  readonly random: Random
  readonly places: Places
  readonly materials: Materials
  /** `host:port` of the registry that the daemons pull from. */
  readonly upstream: string
  readonly number: number
  /** Records what is about to be sent. */
  readonly note: (text: string) => void
  /** Called with each failure in an answer. */
  readonly failed: (message: string) => void
  /** Reports something that must not happen. */
  readonly report: (what: string) => void
}

/** One or more requests that depend only on the random numbers of their context and on answers. */
export type FuzzCase = (context: CaseContext) => Promise<void>

/** Sends a message as some client would. */
export async function send(context: CaseContext, place: Place, message: Message, manner?: Manner): Promise<RawAnswer> {
  const bytes = encodeMessage(context.random, message, place.host)
  return await sendBytes(context, place, bytes, manner ?? someManner(context.random, bytes.byteLength))
}

/** Sends a message as a client that waits for its answer: without one, the daemon hangs. */
export async function ask(context: CaseContext, place: Place, message: Message): Promise<RawAnswer> {
  const answer = await send(context, place, message, POLITE)
  // Too long a message is refused before it is read, and the refusal may be lost.
  const isShort = message.target.length + JSON.stringify(message.headers ?? {}).length < 60_000
  if (answer.isLate || (answer.status === 0 && isShort))
    context.report(`no answer from ${place.name} to ${message.method} ${message.target.slice(0, 200)}`)
  return answer
}

/** Sends bytes as they are. */
export async function sendBytes(
  { number, note, failed }: CaseContext,
  place: Place,
  bytes: Uint8Array,
  manner: Manner,
): Promise<RawAnswer> {
  const head = Buffer.from(bytes.subarray(0, 400)).toString('latin1').split('\r\n\r\n')[0] ?? ''
  const how = manner === POLITE ? '' : ` ${JSON.stringify(manner)}`
  note(`case ${number} ${place.name} ${JSON.stringify(head)} of ${bytes.byteLength} bytes${how}`)
  const answer = await sendRaw(place, bytes, manner)
  const told = /"(?:error|message)":("(?:[^"\\]|\\.)*")/.exec(answer.text)?.[1]
  if (told !== undefined) failed(unquote(told))
  return answer
}

function unquote(text: string): string {
  try {
    return String(JSON.parse(text))
  } catch {
    return text
  }
}
