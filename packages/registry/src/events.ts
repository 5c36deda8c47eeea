/** What a client reports through `onEvent` while it works. */
export type RegistryEvent =
  /** A message of the registry to its user; quoted, at most 256 characters. */
  | { readonly type: 'warning'; readonly host: string; readonly text: string }
  /** How many requests are left, as Docker Hub counts them. */
  | { readonly type: 'rate-limit'; readonly host: string; readonly limit: number; readonly remaining: number }
  /** The registry refused the user's credentials and gave the content without them. */
  | { readonly type: 'anonymous-fallback'; readonly host: string; readonly repository: string }
  /** The registry ignored the range asked for, so that the bytes before it came again and were skipped. */
  | { readonly type: 'range-ignored'; readonly host: string; readonly skippedBytes: number }
  /** Which of several endpoints of a repository answered. `registry` is the domain of the reference. */
  | {
      readonly type: 'endpoint-served'
      readonly host: string
      readonly registry: string
      readonly repository: string
      readonly isMirror: boolean
    }
  /** An endpoint failed, so that the next one is asked. */
  | {
      readonly type: 'endpoint-failed'
      readonly host: string
      readonly registry: string
      readonly repository: string
      readonly error: Error
    }

/** Receives the events of a client; what it throws reaches the caller of the request. */
export type OnRegistryEvent = (event: RegistryEvent) => void
