import path from 'node:path'

import { createMemoryStorage, createRegistryHandler } from '@drayage/registry-server'
import { serve } from '@drayage/registry-server/node'
import { run, tempDir, type RunResult } from '@drayage/testkit'

import { buildCliImages } from './docker-cli-images.ts'
import { putImage, startDrayd } from './engine-pair.ts'

/** What each client says when it asks for more than images. */
export const REFUSAL = 'drayd moves and keeps images: it runs no containers and builds no images'

/** `drayd` and a registry with `team/app:1`, `team/app:2` and the index `multi:1`. */
export interface ClientFixture extends AsyncDisposable {
  readonly directory: string
  /** Such as `127.0.0.1:40001`. */
  readonly registry: string
  readonly socket: string
  /** Runs a client that finds `drayd` in its environment. */
  run(command: string, args: readonly string[], cwd?: string): Promise<RunResult>
}

/** Starts them. */
export async function startClientFixture(): Promise<ClientFixture> {
  const work = await tempDir('client-')
  const registry = await serve(createRegistryHandler({ storage: createMemoryStorage() }), { graceMs: 0 })
  const drayd = await startDrayd(path.join(work.path, 'drayd'))
  const images = await buildCliImages()
  await putImage(registry.url, 'team/app', '1', images.one)
  await putImage(registry.url, 'team/app', '2', images.two)
  await putImage(registry.url, 'multi', '1', images.index)
  return {
    directory: work.path,
    registry: registry.host,
    socket: drayd.socket,
    run: (command, args, cwd = work.path) =>
      run(command, args, {
        cwd,
        signal: AbortSignal.timeout(60_000),
        env: {
          HOME: work.path,
          DOCKER_HOST: `unix://${drayd.socket}`,
          DOCKER_CONFIG: work.path,
          DOCKER_CONTEXT: undefined,
          // Its reaper is a container of an image that is not here.
          TESTCONTAINERS_RYUK_DISABLED: 'true',
        },
      }),
    async [Symbol.asyncDispose]() {
      await drayd.stop()
      await registry.close()
      await work[Symbol.asyncDispose]()
    },
  }
}
