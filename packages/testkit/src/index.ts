/**
 * Deterministic images, odd tars and helpers to start peers.
 *
 * @packageDocumentation
 */
export type { BuildImageOptions, TestImage } from './build-image.ts'
export type { BuildIndexOptions, TestIndex } from './build-index.ts'
export type { BuildLayerOptions, TestFormat, TestLayer } from './build-layer.ts'
export type { TestFile } from './build-tar.ts'

export { buildImage, describe } from './build-image.ts'
export { buildIndex } from './build-index.ts'
export { buildLayer, layerFromTar, layerMediaType } from './build-layer.ts'
export { buildTar } from './build-tar.ts'
export { randomBlocks, randomBytes } from './random-bytes.ts'
