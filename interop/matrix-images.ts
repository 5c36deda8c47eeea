import {
  buildImage,
  buildIndex,
  buildLayer,
  randomBytes,
  type TestFile,
  type TestImage,
  type TestIndex,
} from '@drayage/testkit'

/** An image that is copied through all places. */
export interface MatrixImage {
  /** Also its repository and the start of its file names. */
  readonly name: string
  readonly tags: readonly string[]
  /** What is written to the first layout: the image, or its index. */
  readonly root: TestImage | TestIndex
  /** The image that places without an index hold. */
  readonly image: TestImage
}

const file = (path: string, content: string | Uint8Array = `${path}\n`): TestFile => ({ path, content })

/** The images of the matrix: small, because each is copied about fifty times, and each odd in its own way. */
export async function matrixImages(): Promise<MatrixImage[]> {
  const plain = await buildImage({ layers: [[file('etc/one', randomBytes(1, 200_000))], [file('etc/two')]] })
  const twice = await buildLayer([file('again', randomBytes(2, 50_000))])
  const zstd = await buildImage({
    compression: 'zstd',
    layers: [[file('etc/one', randomBytes(3, 200_000))], [file('etc/two')]],
  })
  const arm = await buildImage({ platform: { os: 'linux', architecture: 'arm64' } })
  return [
    single('empty-layers', await withEmptyLayers()),
    single('duplicate-layer', await buildImage({ layers: [twice, [file('between')], twice] })),
    single('zstd-layers', zstd),
    { ...single('two-tags', plain), tags: ['1', '2'] },
    { name: 'multi-platform', tags: ['1'], root: buildIndex([plain, arm]), image: plain },
  ]
}

/** Layers with nothing in them, and steps of the history without a layer. */
async function withEmptyLayers(): Promise<TestImage> {
  const created = '1970-01-01T00:00:00Z'
  const step = (name: string, isEmpty: boolean): object => ({
    created,
    created_by: name,
    ...(isEmpty && { empty_layer: true }),
  })
  return await buildImage({
    layers: [[file('etc/one')], [], [file('etc/two')]],
    config: {
      history: [
        step('ADD one', false),
        step('ENV a=b', true),
        step('RUN true', false),
        step('CMD sh', true),
        step('ADD two', false),
      ],
    },
  })
}

function single(name: string, image: TestImage): MatrixImage {
  return { name, tags: ['1'], root: image, image }
}
