import { buildImage, buildIndex, buildLayer, randomBytes, type TestImage, type TestIndex } from '@drayage/testkit'
import { parsePlatform } from '@drayage/manifest'

import { startEngine, type TestEngine } from './engine.ts'
import { pushTestImage } from './push-image.ts'

/** The two settings of which ID is shown. */
export const IMAGE_IDS: readonly TestEngine['runtime']['imageId'][] = ['config', 'target']

/** An engine whose registry has an index of linux/amd64, linux/arm64 and linux/arm/v7 with attestations. */
export interface IndexEngine extends TestEngine {
  readonly index: TestIndex
  readonly amd64: TestImage
  readonly arm64: TestImage
  readonly armV7: TestImage
  /** `HOST/multi:1`. */
  readonly name: string
  /** Pulls platforms of the name, one after another; without any, that of the engine. */
  pull(...platforms: readonly string[]): Promise<void>
  /** The digest that a tag of the registry stands for; `undefined` when it is not there. */
  tagged(repository: string, tag?: string): Promise<string | null>
  /** The ID that something stored is shown with: the first image's or the index's. */
  shownId(image: TestImage, target?: TestIndex): string
}

/** Starts an engine with an index in its registry, which shares a layer between its images. */
export async function startIndexEngine(imageId: TestEngine['runtime']['imageId']): Promise<IndexEngine> {
  const engine = await startEngine(undefined, 1, imageId)
  const base = await buildLayer([{ path: 'base', content: randomBytes('base', 5000) }])
  const build = async (platform: string): Promise<TestImage> =>
    await buildImage({
      platform: parsePlatform(platform),
      layers: [base, [{ path: 'own', content: randomBytes(platform, 1000) }]],
      config: { config: { Labels: { of: platform } }, created: '2024-01-01T00:00:00Z' },
    })
  const [amd64, arm64, armV7] = [await build('linux/amd64'), await build('linux/arm64'), await build('linux/arm/v7')]
  const index = buildIndex([amd64, arm64, armV7], { attested: true })
  const name = await pushTestImage(engine.registry.host, 'multi', '1', index)
  return {
    ...engine,
    ...{ index, amd64, arm64, armV7, name },
    async pull(...platforms) {
      for (const platform of platforms.length === 0 ? [''] : platforms) {
        const query = platform === '' ? '' : `&platform=${platform}`
        const { lines } = await engine.ask('POST', `/images/create?fromImage=${name}${query}`)
        const last = lines.at(-1)
        if (last?.['error'] !== undefined) throw new Error(`Cannot pull ${platform}: ${JSON.stringify(last)}`)
      }
    },
    async tagged(repository, tag = '1') {
      const url = `${engine.registry.url}/v2/${repository}/manifests/${tag}`
      return (await fetch(url, { method: 'HEAD' })).headers.get('docker-content-digest')
    },
    shownId: (image, target = index) => (imageId === 'config' ? image.imageId : target.manifest.digest),
  }
}

/** A platform as a query has it. */
export function platformQuery(platform: string): string {
  return encodeURIComponent(JSON.stringify(parsePlatform(platform)))
}
