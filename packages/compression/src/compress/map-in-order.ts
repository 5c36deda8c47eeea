/**
 * Maps what `source` yields, up to `parallel` at a time, and yields the results in order. The source is not read further
 * while the consumer waits; when it stops early or something fails, all that was begun has ended first.
 */
export async function* mapInOrder<T, R>(
  source: AsyncIterable<T>,
  parallel: number,
  map: (item: T) => Promise<R>,
): AsyncGenerator<R, void, void> {
  const running: Promise<R>[] = []
  try {
    for await (const item of source) {
      const work = map(item)
      work.catch(() => {})
      running.push(work)
      if (running.length < parallel) continue
      const first = running[0]
      if (first !== undefined) yield await first
      void running.shift()
    }
    for (const work of running) yield await work
  } finally {
    await Promise.allSettled(running)
  }
}
