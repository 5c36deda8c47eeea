/**
 * Deterministic images, odd tars and helpers to start peers.
 *
 * @packageDocumentation
 */
export type { BuildImageOptions, TestImage } from './build-image.ts'
export type { BuildIndexOptions, TestIndex } from './build-index.ts'
export type { BuildLayerOptions, TestFormat, TestLayer } from './build-layer.ts'
export type { Certificate, CertificateOptions } from './create-certificate.ts'
export type { Daemon, StartDaemonOptions } from './start-daemon.ts'
export type { Dockerd, StartDockerdOptions } from './start-dockerd.ts'
export type { DockerRegistry, LoggedRequest, StartDockerRegistryOptions } from './start-docker-registry.ts'
export type { PeerName } from './find-peer.ts'
export type { RunOptions, RunResult } from './run.ts'
export type { TempDir } from './temp-dir.ts'
export type { TestFile } from './build-tar.ts'

export { buildImage, describe } from './build-image.ts'
export { buildIndex } from './build-index.ts'
export { buildLayer, layerFromTar, layerMediaType } from './build-layer.ts'
export { buildTar } from './build-tar.ts'
export { createCertificate } from './create-certificate.ts'
export { findPeer } from './find-peer.ts'
export { growthOf } from './growth-of.ts'
export { freePort, startDockerRegistry } from './start-docker-registry.ts'
export { randomBlocks, randomBytes } from './random-bytes.ts'
export { run, runOk } from './run.ts'
export { startDaemon } from './start-daemon.ts'
export { startDockerd } from './start-dockerd.ts'
export { tempDir } from './temp-dir.ts'
export { writeOciLayout } from './write-oci-layout.ts'
