import { buildLayer, randomBytes, type TestLayer } from '@drayage/testkit'

/** A layer that does not compress, of about `bytes` bytes. */
export async function noiseLayer(seed: number, bytes: number): Promise<TestLayer> {
  return await buildLayer([{ path: `noise-${seed}`, content: randomBytes(seed, bytes) }], { compression: 'gzip' })
}
