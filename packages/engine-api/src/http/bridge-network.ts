import { jsonResponse, type HttpResponse } from '@drayage/content'
import { digestOf } from '@drayage/digest'

import type { Exchange } from '../exchange.ts'
import { isFrom } from './api-version.ts'

/** The ID of the network `bridge`. */
export const BRIDGE_ID: string = digestOf('bridge').slice('sha256:'.length)

/**
 * The network `bridge`, which Docker Engine always has and testcontainers asks for before it pulls: it has no addresses and
 * no containers.
 */
const BRIDGE = {
  Name: 'bridge',
  Id: BRIDGE_ID,
  Created: '1970-01-01T00:00:00Z',
  Scope: 'local',
  Driver: 'null',
  EnableIPv6: false,
  IPAM: { Driver: 'default', Options: {}, Config: [] },
  Internal: false,
  Attachable: false,
  Ingress: false,
  ConfigFrom: { Network: '' },
  ConfigOnly: false,
  Options: {},
  Labels: {},
}

/** `GET /networks`: versions from 1.52 do not list the containers of a network. */
export async function listNetworks({ version }: Exchange): Promise<HttpResponse> {
  return jsonResponse(200, [isFrom(version, 52) ? { ...BRIDGE, EnableIPv4: false } : bridgeOf(version)])
}

/** `GET /networks/bridge` */
export async function showBridge({ version }: Exchange): Promise<HttpResponse> {
  return jsonResponse(200, bridgeOf(version))
}

function bridgeOf(version: Exchange['version']): object {
  return { ...BRIDGE, ...(isFrom(version, 48) ? { EnableIPv4: false } : {}), Containers: {} }
}
