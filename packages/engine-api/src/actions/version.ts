import os from 'node:os'
import process from 'node:process'

import type { HttpResponse } from '@drayage/content'
import { hostPlatform } from '@drayage/runtime'

import { formatApiVersion, MAX_API_VERSION, MIN_API_VERSION } from '../api-version.ts'
import type { Exchange } from '../exchange.ts'
import { jsonResponse } from '../respond.ts'

/** `GET /version` */
export async function showVersion({ facts }: Exchange): Promise<HttpResponse> {
  const { architecture } = hostPlatform()
  const common = {
    ApiVersion: formatApiVersion(MAX_API_VERSION),
    MinAPIVersion: formatApiVersion(MIN_API_VERSION),
    GitCommit: '',
    GoVersion: '',
    Os: 'linux',
    Arch: architecture,
    KernelVersion: os.release(),
  }
  const details = { ...common, Experimental: 'false', NodeVersion: process.version }
  return jsonResponse({
    Platform: { Name: 'Drayage' },
    Components: [{ Name: 'Engine', Version: facts.version, Details: details }],
    Version: facts.version,
    ...common,
    BuildTime: '',
  })
}
