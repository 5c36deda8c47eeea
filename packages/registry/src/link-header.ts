const LONGEST = 64 * 1024

/**
 * The target of the first link with `rel="next"` in a `Link` header; `undefined` when there is none. Reads at most
 * 64 KiB, in linear time.
 *
 * @see RFC 8288, section 3
 */
export function parseNextLink(text: string): string | undefined {
  const header = text.slice(0, LONGEST)
  let position = 0
  while (position < header.length) {
    const open = header.indexOf('<', position)
    if (open < 0) return undefined
    const close = header.indexOf('>', open)
    if (close < 0) return undefined
    const end = endOf(header, close + 1, ',')
    if (hasNextRelation(header.slice(close + 1, end))) return header.slice(open + 1, close).trim()
    position = end + 1
  }
  return undefined
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

function hasNextRelation(parameters: string): boolean {
  for (let at = 0; at < parameters.length;) {
    const end = endOf(parameters, at, ';')
    const parameter = parameters.slice(at, end)
    at = end + 1
    const equals = parameter.indexOf('=')
    if (equals < 0 || parameter.slice(0, equals).trim().toLowerCase() !== 'rel') continue
    const value = parameter
      .slice(equals + 1)
      .trim()
      .replaceAll('"', '')
      .toLowerCase()
    return value.split(' ').includes('next')
  }
  return false
}
