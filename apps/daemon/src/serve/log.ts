import { pino, type Logger } from 'pino'

/** The daemon's log: one JSON object a line, to stderr. */
export type Log = Logger

/** Opens the log. */
export function createLog(level: string): Log {
  const options = { level, base: null, timestamp: pino.stdTimeFunctions.isoTime }
  return pino(options, pino.destination({ fd: 2, sync: true }))
}
