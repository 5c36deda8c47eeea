/** What a client tells while it works, through `onEvent`. */
export type RegistryEvent =
  /** The registry has something to say to its user; the text is quoted and at most 256 characters long. */
  | { readonly type: 'warning'; readonly host: string; readonly text: string }
  /** How many requests are left, as Docker Hub counts them. */
  | { readonly type: 'rate-limit'; readonly host: string; readonly limit: number; readonly remaining: number }
  /** The registry refuses the user's credentials, and gives the content without them. */
  | { readonly type: 'anonymous-fallback'; readonly host: string; readonly repository: string }
  /** The registry does not serve the range asked for, so that bytes before it come again and are skipped. */
  | { readonly type: 'range-ignored'; readonly host: string; readonly skippedBytes: number }
  /** Which endpoint of a repository answered; told where there are several. `registry` is the domain of the reference. */
  | {
      readonly type: 'endpoint-served'
      readonly host: string
      readonly registry: string
      readonly repository: string
      readonly isMirror: boolean
    }
  /** An endpoint failed, and the next one is asked. */
  | {
      readonly type: 'endpoint-failed'
      readonly host: string
      readonly registry: string
      readonly repository: string
      readonly error: Error
    }

/** Takes the events of a client; what it throws reaches the caller of the request. */
export type OnRegistryEvent = (event: RegistryEvent) => void
