import { readdir, readFile, stat } from 'node:fs/promises'
import path from 'node:path'

/** What a docker-registry has on its disk, read without its help. */
export interface RegistryContent {
  /** The size of each of its blobs, manifests among them, by digest. */
  readonly sizes: ReadonlyMap<string, number>
  /** The digest that the tag `1` of a repository stands for, and all that the image of a platform consists of. */
  closure(repository: string, architecture: string): Promise<Closure>
}

/** All that an image consists of, by digest. */
export interface Closure {
  /** What the tag stands for. */
  readonly root: string
  /** Root, manifest, config and layers; of a schema 1 image, root and layers. */
  readonly all: ReadonlySet<string>
  /** Config and layers. */
  readonly blobs: ReadonlySet<string>
  readonly config: string
  /** Whether it has a schema 1 manifest, so that its config is made by who pulls it. */
  readonly isOld: boolean
}

interface Document {
  readonly manifests?: readonly { readonly digest: string; readonly platform: { readonly architecture: string } }[]
  readonly config?: { readonly digest: string }
  readonly layers?: readonly { readonly digest: string }[]
  readonly fsLayers?: readonly { readonly blobSum: string }[]
  readonly history?: readonly { readonly v1Compatibility: string }[]
}

/** The layers of a schema 1 image that are not thrown away. */
function layersOfOld({ fsLayers = [], history = [] }: Document): readonly string[] {
  return fsLayers.flatMap(({ blobSum }, at) => {
    const step: unknown = JSON.parse(history[at]?.v1Compatibility ?? '{}')
    const isThrown = typeof step === 'object' && step !== null && Reflect.get(step, 'throwaway') === true
    return isThrown ? [] : [blobSum]
  })
}

/** Reads the storage of a docker-registry that lies in `directory`. */
export async function readRegistryContent(directory: string): Promise<RegistryContent> {
  const root = path.join(directory, 'storage/docker/registry/v2')
  const fileOf = (digest: string): string => {
    const hex = digest.slice('sha256:'.length)
    return path.join(root, 'blobs/sha256', hex.slice(0, 2), hex, 'data')
  }
  const sizes = new Map<string, number>()
  for (const folder of await readdir(path.join(root, 'blobs/sha256'))) {
    for (const hex of await readdir(path.join(root, 'blobs/sha256', folder))) {
      const { size } = await stat(fileOf(`sha256:${hex}`))
      sizes.set(`sha256:${hex}`, size)
    }
  }
  const read = async (digest: string): Promise<Document> => JSON.parse(await readFile(fileOf(digest), 'utf8'))
  return {
    sizes,
    async closure(repository, architecture) {
      const link = path.join(root, 'repositories', repository, '_manifests/tags/1/current/link')
      const tagged = (await readFile(link, 'utf8')).trim()
      const document = await read(tagged)
      const chosen =
        document.manifests?.find(({ platform }) => platform.architecture === architecture)?.digest ?? tagged
      const image = await read(chosen)
      if (image.fsLayers !== undefined) {
        const layers = new Set(layersOfOld(image))
        return { root: tagged, all: new Set([tagged, ...layers]), blobs: layers, config: tagged, isOld: true }
      }
      const config = image.config?.digest ?? ''
      const blobs = new Set([config, ...(image.layers ?? []).map(({ digest }) => digest)])
      return { root: tagged, all: new Set([tagged, chosen, ...blobs]), blobs, config, isOld: false }
    },
  }
}
