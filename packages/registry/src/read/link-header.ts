const LONGEST = 64 * 1024

/** A link of a `Link` header. */
interface Link {
  readonly target: string
  /** In lower case; `undefined` when the link says nothing of that. */
  readonly relations: readonly string[] | undefined
  /** Whether it is written as a link at all: with its target in `< >`, or with a relation. */
  readonly isLink: boolean
}

/**
 * The target of the link to the next page in a `Link` header: the first one with `rel="next"`. Some registries write a
 * target without `< >`, or no relation: such a link counts when it leads to the list itself. `undefined` when the header
 * names no next page, and empty when it cannot be read.
 *
 * @param from the URL of the page
 * @see RFC 8288, section 3
 */
export function parseNextLink(text: string, from: URL): string | undefined {
  if (text.length > LONGEST) return ''
  const links = readLinks(text)
  const next = links.find(({ relations }) => relations?.includes('next') === true)
  if (next !== undefined) return next.target
  const bare = links.filter(({ relations }) => relations === undefined)
  const own = bare.find(({ target }) => target !== '' && URL.parse(target, from.href)?.pathname === from.pathname)
  if (own !== undefined) return own.target
  return bare.some(({ isLink }) => !isLink) ? '' : undefined
}

function readLinks(header: string): readonly Link[] {
  const links: Link[] = []
  const lastClose = header.lastIndexOf('>')
  for (let at = 0; at < header.length;) {
    const start = skipSeparators(header, at)
    if (start === header.length) break
    const isBracketed = header.charAt(start) === '<'
    const close = isBracketed && start < lastClose ? header.indexOf('>', start) : -1
    const targetEnd = close < 0 ? endOfBare(header, start) : close
    const end = endOf(header, close < 0 ? targetEnd : close + 1, ',')
    const target = header.slice(isBracketed ? start + 1 : start, targetEnd).trim()
    const relations = relationsOf(header.slice(close < 0 ? targetEnd : close + 1, end))
    links.push({ target, relations, isLink: close >= 0 || relations !== undefined })
    at = end + 1
  }
  return links
}

function skipSeparators(header: string, from: number): number {
  let at = from
  while (at < header.length && /[\s,]/.test(header.charAt(at))) at++
  return at
}

/** The end of a target without `< >`: a comma in it is followed by no space. */
function endOfBare(header: string, from: number): number {
  for (let at = from; at < header.length; at++) {
    const char = header.charAt(at)
    if (char === ';' || (char === ',' && /[\s<]/.test(header.charAt(at + 1)))) return at
  }
  return header.length
}

/** The offset of the next `stop` outside quotes, or the end. */
function endOf(header: string, from: number, stop: string): number {
  let isQuoted = false
  for (let index = from; index < header.length; index++) {
    const char = header.charAt(index)
    if (isQuoted && char === '\\') index++
    else if (char === '"') isQuoted = !isQuoted
    else if (char === stop && !isQuoted) return index
  }
  return header.length
}

/** The relations of the first `rel` that names any. */
function relationsOf(parameters: string): readonly string[] | undefined {
  for (let at = 0; at < parameters.length;) {
    const end = endOf(parameters, at, ';')
    const parameter = parameters.slice(at, end)
    at = end + 1
    const equals = parameter.indexOf('=')
    if (equals < 0 || parameter.slice(0, equals).trim().toLowerCase() !== 'rel') continue
    const value = parameter.slice(equals + 1).replaceAll(/["']/g, ' ')
    const relations = value
      .toLowerCase()
      .split(/\s+/)
      .filter((name) => name !== '')
    return relations.length === 0 ? undefined : relations
  }
  return undefined
}
