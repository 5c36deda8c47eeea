/**
 * Deterministic images, odd tars and helpers to start peers.
 *
 * @packageDocumentation
 */
export type { BuildImageOptions, TestImage } from './images/build-image.ts'
export type { BuildIndexOptions, TestIndex } from './images/build-index.ts'
export type { BuildLayerOptions, TestFormat, TestLayer } from './images/build-layer.ts'
export type { Certificate, CertificateOptions } from './create-certificate.ts'
export type { Program, StartProgramOptions } from './peers/start-program.ts'
export type { Dockerd, StartDockerdOptions } from './peers/start-dockerd.ts'
export type { DockerRegistry, LoggedRequest, StartDockerRegistryOptions } from './peers/start-docker-registry.ts'
export type { PeerName } from './peers/find-peer.ts'
export type { RunOptions, RunResult } from './peers/run.ts'
export type { TempDir } from './temp-dir.ts'
export type { RawHeader } from './images/raw-tar.ts'
export type { TestFile } from './images/build-tar.ts'

export { buildAttestation } from './images/build-attestation.ts'
export { buildImage, describe } from './images/build-image.ts'
export { buildIndex } from './images/build-index.ts'
export { buildLayer, layerFromTar, layerMediaType } from './images/build-layer.ts'
export { buildTar } from './images/build-tar.ts'
export { createCertificate } from './create-certificate.ts'
export { findPeer } from './peers/find-peer.ts'
export { growthOf } from './growth-of.ts'
export { freePort, startDockerRegistry } from './peers/start-docker-registry.ts'
export { paxRecord, rawEntry, rawHeader, rawPax, TAR_ZEROS } from './images/raw-tar.ts'
export { randomBlocks, randomBytes } from './images/random-bytes.ts'
export { run, runOk } from './peers/run.ts'
export { startProgram } from './peers/start-program.ts'
export { startDockerd } from './peers/start-dockerd.ts'
export { openFilesIn, tempDir } from './temp-dir.ts'
export { writeOciLayout } from './images/write-oci-layout.ts'
