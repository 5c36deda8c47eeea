/** What happened to an image, in the shape of the Engine API (`GET /events`). */
export interface EngineEvent {
  readonly Type: 'image'
  readonly Action: string
  readonly Actor: { readonly ID: string; readonly Attributes: Readonly<Record<string, string>> }
  readonly scope: 'local'
  /** Seconds since 1970. */
  readonly time: number
  /** Nanoseconds since 1970, at the precision of a double. */
  readonly timeNano: number
}

/** What can happen to an image. */
export type EngineAction = 'pull' | 'push' | 'tag' | 'untag' | 'delete' | 'import' | 'load' | 'save' | 'prune'

/** The events of images; the latest are kept, so that a client can ask for what it missed. */
export interface EngineEvents {
  /** Publishes an event of the image with this ID or name. */
  publish(action: EngineAction, id: string, attributes?: Readonly<Record<string, string>>): void
  /** Calls `listener` with each new event until the returned function is called. */
  subscribe(listener: (event: EngineEvent) => void): () => void
  /** The events that are kept, oldest first: at most {@link MAX_KEPT_EVENTS}. */
  recent(): readonly EngineEvent[]
}

/** How many events are kept, as in Docker Engine. */
export const MAX_KEPT_EVENTS = 256

/** Creates the events of one daemon. */
export function createEngineEvents(now: () => number = Date.now): EngineEvents {
  const kept: EngineEvent[] = []
  const listeners = new Set<(event: EngineEvent) => void>()
  return {
    publish(action, id, attributes = {}) {
      const timeMs = now()
      const event: EngineEvent = {
        Type: 'image',
        Action: action,
        Actor: { ID: id, Attributes: attributes },
        scope: 'local',
        time: Math.floor(timeMs / 1000),
        timeNano: timeMs * 1_000_000,
      }
      kept.push(event)
      if (kept.length > MAX_KEPT_EVENTS) kept.shift()
      for (const listener of listeners) listener(event)
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    recent: () => [...kept],
  }
}
