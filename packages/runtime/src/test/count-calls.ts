/**
 * Pulls an image into the store of a directory and prints, as JSON, what was called on the way:
 * `node count-calls.ts DIRECTORY NAME`.
 */
import { Session } from 'node:inspector/promises'

// The build, as it is published: a test runner rewrites the sources.
import { createRuntime, pullImage } from '@drayage/runtime'

import { withSmallChunks } from './small-chunks.ts'
import { testRuntimeOptions } from './test-runtime-options.ts'

/** What is printed. */
export interface CountedCalls {
  /** How often each async generator was asked for its next value. */
  readonly generators: readonly number[]
  /** How often each function of these packages ran, each resumption after an `await` included. */
  readonly functions: readonly { readonly name: string; readonly count: number }[]
}

const [directory = '', name = ''] = process.argv.slice(2)

/** The prototype of all async generators, whose `next` every loop calls. */
const generators = Object.getPrototypeOf(Object.getPrototypeOf((async function* () {})())) as {
  next: (this: object, ...values: unknown[]) => unknown
}
const counts = new Map<object, number>()
const { next } = generators
generators.next = function (...values) {
  counts.set(this, (counts.get(this) ?? 0) + 1)
  return next.apply(this, values)
}

const session = new Session()
session.connect()
await session.post('Profiler.enable')
await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false })
const runtime = await createRuntime({ ...testRuntimeOptions(directory), wrapTransport: withSmallChunks })
await pullImage(runtime, name)
await runtime[Symbol.asyncDispose]()
const { result } = await session.post('Profiler.takePreciseCoverage')
const counted: CountedCalls = {
  generators: [...counts.values()],
  functions: result
    .filter(({ url }) => /\/packages\/[a-z-]+\/dist\//.test(url))
    .flatMap(({ url, functions }) =>
      functions.map(({ functionName, ranges: [all] }) => ({
        name: `${url.split('/packages/').at(-1)} ${functionName}`,
        count: all?.count ?? 0,
      })),
    ),
}
process.stdout.write(JSON.stringify(counted))
