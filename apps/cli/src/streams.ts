import type { Writable } from 'node:stream'

/** Writes all of `text` and waits for room, so that a slow pipe bounds memory. A reader that has gone ends the program quietly. */
export async function writeText(stream: Writable, text: string): Promise<void> {
  if (stream.write(text)) return
  await new Promise<void>((resolve, reject) => {
    const settle = (error?: Error): void => {
      stream.off('drain', settle)
      stream.off('error', settle)
      stream.off('close', settle)
      if (error instanceof Error) reject(error)
      else resolve()
    }
    stream.on('drain', settle)
    stream.on('error', settle)
    stream.on('close', settle)
  })
}
