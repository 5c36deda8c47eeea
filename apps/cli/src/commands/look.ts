import { openRemote, remoteConfig, remoteManifest } from '@drayage/runtime'
import { parseReference, parseRepository, withDefaultTag } from '@drayage/reference'

import type { CommandContext } from '../command-context.ts'
import { escapeForTerminal, terminalJson } from '../render/escape.ts'

/** `dray tags REPO`: every tag of a repository, a line each. */
export async function tagsCommand(context: CommandContext, name: string): Promise<void> {
  const repository = openRemote(context.runtime, parseRepository(name))
  for await (const tag of repository.tags({ signal: context.signal })) await context.print(escapeForTerminal(tag))
}

/** `dray digest REF...`: what each reference stands for in its registry; with a platform, the image's own manifest. */
export async function digestCommand(
  context: CommandContext,
  names: readonly string[],
  options: { readonly platform?: string | undefined },
): Promise<void> {
  const { runtime, signal } = context
  for (const name of names) {
    const reference = withDefaultTag(parseReference(name))
    if (options.platform === undefined) {
      const target = await openRemote(runtime, reference).resolve(reference, { signal })
      await context.print(target.digest)
    } else {
      const manifest = await remoteManifest(runtime, reference, { selectPlatform: true, signal })
      await context.print(manifest.descriptor.digest)
    }
  }
}

/** Options of `dray manifest`. */
export interface ManifestCommandOptions {
  readonly raw?: boolean | undefined
  readonly platform?: string | undefined
}

/** `dray manifest REF [--raw]`: a manifest or index in its registry, readable or byte for byte. */
export async function manifestCommand(
  context: CommandContext,
  name: string,
  options: ManifestCommandOptions,
): Promise<void> {
  const manifest = await remoteManifest(context.runtime, withDefaultTag(parseReference(name)), {
    selectPlatform: options.platform !== undefined,
    signal: context.signal,
  })
  await printJsonBytes(context, manifest.bytes, options.raw === true)
}

/** `dray config REF`: the config of an image in its registry. */
export async function configCommand(
  context: CommandContext,
  name: string,
  options: { readonly raw?: boolean | undefined },
): Promise<void> {
  const config = await remoteConfig(context.runtime, withDefaultTag(parseReference(name)), { signal: context.signal })
  await printJsonBytes(context, config.bytes, options.raw === true)
}

async function printJsonBytes(context: CommandContext, bytes: Uint8Array, raw: boolean): Promise<void> {
  if (raw) {
    await context.write(bytes)
    return
  }
  await context.print(terminalJson(JSON.parse(new TextDecoder().decode(bytes)), 2))
}
