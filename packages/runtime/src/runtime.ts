import type { LoginStore } from '@drayage/credentials'
import type { LayerState, RetryPolicy, Transport } from '@drayage/distribution'
import type { DockerDaemon } from '@drayage/docker-daemon'
import type { Platform } from '@drayage/manifest'
import type { CredentialSource, RegistryClient } from '@drayage/registry'
import type { TransferManager } from '@drayage/transfer'

import type { ForeignLayersChoice } from './copy/foreign-layers-choice.ts'
import type { RegistryConfiguration } from './registry-configuration/registry-configuration.ts'
import type { UsedLogins } from './remote/used-logins.ts'
import type { Store, StoreOpener } from './store/store.ts'

/** Where the images of a program are. */
export interface StoreAccess {
  readonly store: StoreOpener
  /** Opens the store at the first call, and after a failure at the next; nothing is created before. */
  openStore(): Promise<Store>
}

/** How a program reaches registries. */
export interface RegistryAccess {
  readonly registry: RegistryClient
  /** The mirrors, insecure hosts and certificates in use; they can be reloaded. */
  readonly registries: RegistryConfiguration
}

/** The logins of the user. */
export interface LoginAccess {
  readonly credentials: CredentialSource
  /** Where logins are kept. */
  readonly logins: LoginStore
  /** Remembers which logins registries were given. */
  readonly usedLogins: UsedLogins
}

/** How a program moves content, and for which machine. */
export interface TransferSettings {
  /** Downloads into the store, shared by everything that wants the same. */
  readonly transfers: TransferManager<LayerState>
  /** Uploads of pushes. */
  readonly uploads: TransferManager<LayerState>
  readonly platform: Platform
  readonly retry: RetryPolicy | undefined
  /** What is done with layers that are kept at URLs. */
  readonly foreignLayers: ForeignLayersChoice
  /** Whether images that only schema 1 describes are refused. */
  readonly requireSchema2: boolean
}

/** The choices of {@link ImageSettings}. */
export const IMAGE_IDS: readonly ['config', 'target'] = ['config', 'target']

/** Which ID users are shown of an image. */
export interface ImageSettings {
  /**
   * `config`: the digest of the config, as Docker Engine up to 28; `target`: the digest of what came, usually an index, as
   * Docker Engine 29. Every digest of an image finds it either way.
   */
  readonly imageId: (typeof IMAGE_IDS)[number]
}

/** The kinds of places that images are copied from and to. */
export interface PlaceAccess {
  /** Those that the program added; `transportsOf` gives all. */
  readonly transports: readonly Transport[]
  /** The Docker Engine that the `docker` command would talk to; nothing is connected. */
  openDockerDaemon(): Promise<DockerDaemon>
}

/**
 * The packages, composed for one program from the user's configuration; a verb takes the parts that it uses. Disposing it
 * closes what was opened; calls that are still running then fail.
 */
export interface Runtime
  extends StoreAccess, RegistryAccess, LoginAccess, TransferSettings, ImageSettings, PlaceAccess, AsyncDisposable {}
