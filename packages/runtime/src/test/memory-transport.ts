import { createMemoryStore, NameNotFoundError, type MemoryStore } from '@drayage/content'
import type { GraphSink, Place, Transport } from '@drayage/distribution'
import type { Descriptor } from '@drayage/manifest'
import { formatReference, parseReference, withDefaultTag, type Reference } from '@drayage/reference'

/** A kind of place that only a test knows: `memory:NAME[:TAG]`, images in the memory of this process. */
export interface MemoryTransport extends Transport {
  readonly content: MemoryStore
  readonly names: Map<string, Descriptor>
}

export function memoryTransport(): MemoryTransport {
  const content = createMemoryStore()
  const names = new Map<string, Descriptor>()
  const resolve = async (name: Reference): Promise<Descriptor> => {
    const found = names.get(formatReference(name))
    if (found === undefined) throw new NameNotFoundError(formatReference(name))
    return found
  }
  const sink: GraphSink = { ...content, tag: async (what, name) => void names.set(formatReference(name), what) }
  const closed = { async [Symbol.asyncDispose]() {} }
  return {
    content,
    names,
    prefix: 'memory',
    syntax: 'memory:NAME[:TAG]',
    parse(rest): Place {
      const parsed = parseReference(rest)
      const name = withDefaultTag(parsed)
      const text = `memory:${rest}`
      return {
        text,
        key: `memory:${formatReference(name)}`,
        tag: parsed.tag,
        openSource: async () => ({
          ...closed,
          content: { fetch: content.fetch, resolve },
          from: await resolve(name),
          label: text,
          names: [name],
          entryName: name.tag,
        }),
        async *listTags() {
          const prefix = `${name.domain}/${name.path}:`
          for (const each of names.keys()) if (each.startsWith(prefix)) yield each.slice(prefix.length)
        },
        target: {
          kind: 'a place in memory',
          holds: { index: true, referrers: false, manifests: true, several: false },
          look: async () => ({ text, key: 'memory', sink: content }),
          current: async () => resolve(name),
          open: async () => ({ ...closed, place: async () => ({ sink, names: [name] }) }),
        },
      }
    },
  }
}
