const LONGEST_SHOWN = 512

/**
 * A URL as messages may show it: without user-info and fragment, with each query value as `***`, at most 512 characters.
 * The values of presigned URLs are secrets.
 */
export function redactUrl(url: string | URL): string {
  const parsed = typeof url === 'string' ? URL.parse(url) : new URL(url)
  if (parsed === null) return '(not a URL)'
  parsed.username = ''
  parsed.password = ''
  parsed.hash = ''
  const names = [...parsed.searchParams.keys()]
  parsed.search = ''
  const query = names.length === 0 ? '' : `?${names.map((name) => `${encodeURIComponent(name)}=***`).join('&')}`
  const shown = parsed.href + query
  return shown.length > LONGEST_SHOWN ? `${shown.slice(0, LONGEST_SHOWN)}…` : shown
}
