import { SMUGGLED } from './raw-cases.ts'

/** What must not be in the lines of a daemon's log. */
export interface LogWatch {
  line(text: string): void
  /** How often each error was reported to a client as status 500; only those that a daemon may have. */
  readonly declared: ReadonlyMap<string, number>
}

/** Codes of errors that a registry caused and that are answered with status 500, as in Docker Engine. */
const DECLARED =
  /^ERR_(DIGEST_MISMATCH|REGISTRY(_\w+)?|TRANSFER|PULL_\w+|PUSH_\w+|MANIFEST_\w+|URL_\w+|UPLOAD_\w+|TOKEN_\w+|LOGIN_\w+)$/

/** What messages contain that come from a bug in the daemon. */
const MISTAKES = new RegExp(
  [
    'Cannot (read prop|set prop|convert|mix|destructure)|is not (a function|a constructor|iterable|defined|extensible)',
    'is read-only|Maximum call stack|Invalid (array length|time value|string length|Date)|out of range|precision',
    'E(NOENT|ISDIR|NOTDIR|EXIST|MFILE|BADF|INVAL|ACCES|NAMETOOLONG|LOOP|PERM)\\b|SQLITE|database|constraint',
    'The "\\w+" argument|AbortError|operation was aborted|\\[object|undefined|NaN|caused by: (Type|Range|Syntax)Error',
  ].join('|'),
)

/** Whether a message comes from a bug in the daemon, not from what it was sent. */
export function isMistake(message: string): boolean {
  // What is quoted was sent.
  return MISTAKES.test(message.replaceAll(/"(?:[^"\\]|\\.)*"/g, '""'))
}

/** Watches a log; `report` gets each finding with what distinguishes it, and the whole line. */
export function watchLog(report: (signature: string, details: string) => void): LogWatch {
  const declared = new Map<string, number>()
  return {
    declared,
    line(text) {
      const line = parseLine(text)
      if (line === undefined) {
        report(`no log line: ${text.slice(0, 200)}`, text)
        return
      }
      if (text.includes(SMUGGLED)) report('a smuggled request was read', text)
      if (Number(line['level']) < 50) return
      const { err } = line
      const error = typeof err === 'object' && err !== null ? Object.fromEntries(Object.entries(err)) : {}
      const code = String(error['code'] ?? '')
      if (DECLARED.test(code) && !isMistake(String(error['message']))) {
        declared.set(code, (declared.get(code) ?? 0) + 1)
        return
      }
      if (line['msg'] === 'request failed') {
        // The line before has its error; 503 is the answer to clients that look for a swarm.
        if (line['status'] === 500 || line['status'] === 503) return
        report(`request failed with status ${String(line['status'])}`, text)
        return
      }
      const where =
        /\n\s+at ([^\n]*)/.exec(String(error['stack']))?.[1]?.replace(/\(?file:.*\/(?=[^/]+\/[^/]+\/[^/]+$)/, '') ?? ''
      report(
        `${String(line['msg'])}: ${String(error['type'])} ${code} ${plain(String(error['message'])).slice(0, 160)} ${where}`,
        text,
      )
    },
  }
}

/** A message without the parts that differ each time. */
export function plain(message: string): string {
  return message.replaceAll(/"(?:[^"\\]|\\.)*"/g, '""').replaceAll(/[0-9a-f]{8,}|\d+/g, 'N')
}

function parseLine(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const parsed: unknown = JSON.parse(text)
    return typeof parsed === 'object' && parsed !== null ? Object.fromEntries(Object.entries(parsed)) : undefined
  } catch {
    return undefined
  }
}
