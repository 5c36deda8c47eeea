const PART = /^[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*$/
const TAG = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/

/** Tells whether `name` is the path of a repository, such as `library/alpine`. */
export function isRepositoryName(name: string): boolean {
  return name.length <= 255 && name.split('/').every((part) => PART.test(part))
}

/** Tells whether `text` is a tag. */
export function isTag(text: string): boolean {
  return TAG.test(text)
}
