import type { DistributionEvent } from '../events.ts'

/**
 * Creates what tells whether an event is worth a line of its own where lines stay: all are, but the seconds of a wait
 * after its first.
 */
export function createWaitFilter(): (event: DistributionEvent) => boolean {
  const waits = new Map<string, number>()
  return (event) => {
    const secondsLeft =
      event.type === 'retrying'
        ? event.secondsLeft
        : event.type === 'layer' && event.layer.state === 'retrying'
          ? event.layer.secondsLeft
          : undefined
    const key = event.type === 'retrying' ? event.what : event.type === 'layer' ? event.digest : ''
    if (secondsLeft === undefined) {
      waits.delete(key)
      return true
    }
    // Within a wait the seconds only get fewer.
    const before = waits.get(key)
    waits.set(key, secondsLeft)
    return before === undefined || secondsLeft >= before
  }
}
