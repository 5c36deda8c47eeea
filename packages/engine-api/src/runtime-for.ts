import { withCredentials, type AuthConfig, type Runtime } from '@drayage/runtime'

import type { Exchange } from './exchange.ts'

/** The runtime that uses the credentials of a client where it brings some. */
export function runtimeFor({ runtime }: Exchange, auth: AuthConfig | undefined): Runtime {
  return auth === undefined ? runtime : withCredentials(runtime, auth)
}
