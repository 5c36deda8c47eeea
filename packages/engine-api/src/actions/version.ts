import os from 'node:os'
import process from 'node:process'

import { bytesResponse, jsonResponse, type HttpResponse } from '@drayage/content'
import { hostPlatform } from '@drayage/runtime'

import { formatApiVersion, MAX_API_VERSION, MIN_API_VERSION } from '../http/api-version.ts'
import type { Exchange } from '../exchange.ts'

/**
 * `GET /_ping` and `HEAD /_ping`: the first request of every client, which negotiates by the headers of the answer. The
 * builder of version 1 asks `POST /build`, whose refusal says why; that of version 2 hides it behind a failed connection.
 */
export async function ping(): Promise<HttpResponse> {
  return bytesResponse(200, 'OK', {
    'content-type': 'text/plain; charset=utf-8',
    'cache-control': 'no-cache, no-store, must-revalidate',
    pragma: 'no-cache',
    'builder-version': '1',
    swarm: 'inactive',
  })
}

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
  return jsonResponse(200, {
    Platform: { Name: 'Drayage' },
    Components: [{ Name: 'Engine', Version: facts.version, Details: details }],
    Version: facts.version,
    ...common,
    BuildTime: '',
  })
}
