import {
  buildImage,
  buildIndex,
  buildLayer,
  buildTar,
  randomBytes,
  type TestImage,
  type TestIndex,
} from '@drayage/testkit'

/** What the registries of the side-by-side tests hold, and a file tree to import. */
export interface CliImages {
  readonly one: TestImage
  readonly two: TestImage
  readonly index: TestIndex
  readonly tar: Uint8Array
}

/** Builds images whose text says all that commands show: labels, ports, times, history. */
export async function buildCliImages(): Promise<CliImages> {
  const base = await buildLayer([{ path: 'base', content: randomBytes(1, 200_000) }])
  const build = async (name: string, seed: number, created: string): Promise<TestImage> =>
    await buildImage({
      format: 'docker',
      layers: [base, [{ path: name, content: randomBytes(seed, 50_000) }]],
      config: {
        created,
        author: 'someone',
        config: {
          Env: ['PATH=/usr/bin:/bin'],
          Cmd: ['/bin/sh'],
          WorkingDir: '/work',
          ExposedPorts: { '80/tcp': {} },
          Labels: { name, tier: 'web' },
        },
        history: [
          { created: '2020-01-01T00:00:00Z', created_by: '/bin/sh -c #(nop) ADD file:base in / ' },
          { created, created_by: '/bin/sh -c #(nop)  CMD ["/bin/sh"]', empty_layer: true },
          { created, created_by: 'RUN make', comment: 'buildkit.dockerfile.v0' },
        ],
      },
    })
  const ofPlatform = async (architecture: string): Promise<TestImage> =>
    await buildImage({
      layers: [[{ path: architecture, content: architecture }]],
      platform: { os: 'linux', architecture },
      config: { created: '2019-01-01T00:00:00Z' },
    })
  return {
    one: await build('one', 2, '2021-02-03T04:05:06.789Z'),
    two: await build('two', 3, '2022-02-03T04:05:06.789Z'),
    index: buildIndex([await ofPlatform('amd64'), await ofPlatform('arm64')]),
    tar: await buildTar([{ path: 'file', content: 'text' }]),
  }
}
