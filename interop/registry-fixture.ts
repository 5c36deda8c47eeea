import path from 'node:path'

import {
  runOk,
  startDockerRegistry,
  tempDir,
  writeOciLayout,
  type DockerRegistry,
  type TempDir,
  type TestImage,
  type TestIndex,
} from '@drayage/testkit'
import { afterAll, beforeAll } from 'vitest'

/** A docker-registry and a directory for the tests of one suite. */
export interface RegistryFixture {
  /** A path in the suite's directory. */
  path(...parts: readonly string[]): string
  readonly registry: DockerRegistry
  /** Pushes an image or a whole index with skopeo; resolves to its reference. */
  push(name: string, image: TestImage | TestIndex): Promise<string>
}

/** Starts a registry before the tests of the suite that calls it, and ends it after them. */
export function useRegistry(): RegistryFixture {
  let work: TempDir | undefined
  let registry: DockerRegistry | undefined
  const started = <T>(part: T | undefined): T => {
    if (part === undefined) throw new Error('Cannot use the registry: found it not started, expected a running suite')
    return part
  }
  const fixture: RegistryFixture = {
    path: (...parts) => path.join(started(work).path, ...parts),
    get registry() {
      return started(registry)
    },
    async push(name, image) {
      const layout = fixture.path(`layout-${name}`)
      const reference = `${fixture.registry.host}/${name}:latest`
      await writeOciLayout(layout, image, 'latest')
      const target = ['--all', '--dest-tls-verify=false', `oci:${layout}:latest`, `docker://${reference}`]
      await runOk('skopeo', ['copy', ...target])
      await runOk('rm', ['-r', layout])
      return reference
    },
  }
  beforeAll(async () => {
    work = await tempDir()
    registry = await startDockerRegistry({ directory: fixture.path('registry') })
  })
  afterAll(async () => {
    await registry?.stop()
    await work?.[Symbol.asyncDispose]()
  })
  return fixture
}
