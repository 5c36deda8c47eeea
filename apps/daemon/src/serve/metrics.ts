import { observe, type ByteStream } from '@drayage/bytes'
import type { HttpClient } from '@drayage/content'
import type { DistributionEvent } from '@drayage/distribution'
import type { RegistryEvent } from '@drayage/registry'
import type { RequestEvent } from '@drayage/registry-server/node'
import { storedBytes, type Runtime } from '@drayage/runtime'
import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client'

import type { ScrubOptions } from './scrub.ts'

/** The numbers of a daemon, in the form of Prometheus. */
export interface Metrics {
  readonly contentType: string
  /** All numbers as text. */
  text(): Promise<string>
  /** Counts the bytes that go through a transport. */
  countBytes(http: HttpClient): HttpClient
  /** Counts the answered requests of a listener. */
  onRequest(listener: string, event: RequestEvent): void
  onRegistryEvent(event: RegistryEvent): void
  onEvent(event: DistributionEvent): void
  /** Counts the bytes that pruning frees. */
  onFreed(bytes: number): void
  /** Counts what a scrub reads, and what it finds. */
  readonly scrub: Pick<ScrubOptions, 'onChecked' | 'onFinding'>
  /** Adds the numbers that are read off a runtime when somebody asks. */
  watch(runtime: Runtime): void
}

/** Creates the numbers of one daemon. */
export function createMetrics(): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry, prefix: 'drayd_' })
  const register = { registers: [registry] }
  const bytes = new Counter({
    ...register,
    name: 'drayd_registry_bytes_total',
    help: 'Bytes of bodies received from and sent to registries',
    labelNames: ['direction'] as const,
  })
  const requests = new Counter({
    ...register,
    name: 'drayd_requests_total',
    help: 'Answered requests, by listener, method and status',
    labelNames: ['listener', 'method', 'status'] as const,
  })
  const layers = new Counter({
    ...register,
    name: 'drayd_layers_total',
    help: 'Layers of pulls and pushes, by how they came: transferred, present (a cache hit) or mounted',
    labelNames: ['outcome'] as const,
  })
  const retries = new Counter({ ...register, name: 'drayd_retries_total', help: 'Requests that were tried again' })
  const rateLimit = new Gauge({
    ...register,
    name: 'drayd_registry_rate_limit_remaining',
    help: 'Requests that a registry still allows',
    labelNames: ['registry'] as const,
  })
  const scrubbed = new Counter({
    ...register,
    name: 'drayd_scrubbed_bytes_total',
    help: 'Bytes of the content of the store that were read to find damage',
  })
  const damage = new Counter({
    ...register,
    name: 'drayd_store_damage_total',
    help: 'Damage that a scrub found in the store, by what became of it: repaired, or fault where it stays',
    labelNames: ['outcome'] as const,
  })
  const freed = new Counter({
    ...register,
    name: 'drayd_pruned_bytes_total',
    help: 'Bytes of the store that were removed by policy',
  })
  const counted = (body: ByteStream, direction: string): ByteStream =>
    observe(body, (_total, chunk) => bytes.inc({ direction }, chunk.byteLength))
  return {
    contentType: registry.contentType,
    text: () => registry.metrics(),
    countBytes: (http) => async (request) => {
      const { body } = request
      const response = await http(body === undefined ? request : { ...request, body: counted(body, 'sent') })
      return { ...response, body: counted(response.body, 'received') }
    },
    onRequest: (listener, { method, status }) =>
      requests.inc({ listener, method: KNOWN_METHODS.has(method) ? method : 'other', status: String(status) }),
    onRegistryEvent(event) {
      if (event.type === 'rate-limit') rateLimit.set({ registry: event.host }, event.remaining)
    },
    onEvent(event) {
      if (event.type === 'retrying') retries.inc()
      if (event.type !== 'layer') return
      const { layer } = event
      if (layer.state === 'retrying' && layer.secondsLeft <= 1) retries.inc()
      if (layer.state === 'exists') layers.inc({ outcome: 'present' })
      if (layer.state === 'mounted') layers.inc({ outcome: 'mounted' })
      if (layer.state === 'complete') layers.inc({ outcome: 'transferred' })
    },
    onFreed: (bytes) => freed.inc(bytes),
    scrub: {
      onChecked: (checked) => scrubbed.inc(checked),
      onFinding: ({ state }) => damage.inc({ outcome: state }),
    },
    watch: (runtime) => watchRuntime(registry, runtime),
  }
}

/** Methods that are counted by name: what a client makes up must not make up a number. */
const KNOWN_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'])

function watchRuntime(registry: Registry, runtime: Runtime): void {
  const gauge = (name: string, help: string, read: () => number | Promise<number>): void => {
    registry.registerMetric(
      new Gauge({
        registers: [],
        name,
        help,
        async collect() {
          this.set(await read())
        },
      }),
    )
  }
  for (const [kind, transfers] of [['downloads', runtime.transfers] as const, ['uploads', runtime.uploads] as const]) {
    gauge(`drayd_${kind}_active`, `${kind} that run`, () => transfers.active)
    gauge(`drayd_${kind}_waiting`, `${kind} that wait for others to end`, () => transfers.waiting)
    gauge(`drayd_${kind}_limit`, `${kind} that may run at a time`, () => transfers.limit)
  }
  gauge('drayd_store_bytes', 'Bytes of the content of the store', () => storedBytes(runtime))
}
