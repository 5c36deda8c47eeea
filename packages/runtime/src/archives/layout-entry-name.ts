import type { Descriptor } from '@drayage/manifest'
import { tryParseReference, withDefaultTag, type Reference } from '@drayage/reference'

/** The name of a layout's entry; one without a repository, such as `1.2`, does not tell what it is a tag of. */
export function layoutEntryName({ annotations = {} }: Descriptor): Reference | undefined {
  const { 'io.containerd.image.name': full, 'org.opencontainers.image.ref.name': short } = annotations
  const text = [full, short].find((each) => each !== undefined && /[/:]/.test(each))
  const parsed = text === undefined ? undefined : tryParseReference(text)
  return parsed?.ok === true && parsed.value.digest === undefined ? withDefaultTag(parsed.value) : undefined
}
