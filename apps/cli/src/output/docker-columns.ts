/** The time since `then` as docker shows it, such as `3 weeks ago`; `N/A` when it is unknown. */
export function formatAge(then: string | undefined, now: Date = new Date()): string {
  const time = then === undefined ? Number.NaN : Date.parse(then)
  if (Number.isNaN(time)) return 'N/A'
  return `${humanDuration((now.getTime() - time) / 1000)} ago`
}

function humanDuration(seconds: number): string {
  const minutes = Math.floor(seconds / 60)
  const hours = Math.round(seconds / 3600)
  if (seconds < 1) return 'Less than a second'
  if (seconds < 2) return '1 second'
  if (seconds < 60) return `${Math.floor(seconds)} seconds`
  if (minutes === 1) return 'About a minute'
  if (minutes < 60) return `${minutes} minutes`
  if (hours === 1) return 'About an hour'
  if (hours < 48) return `${hours} hours`
  if (hours < 24 * 7 * 2) return `${Math.floor(hours / 24)} days`
  if (hours < 24 * 30 * 2) return `${Math.floor(hours / 24 / 7)} weeks`
  if (hours < 24 * 365 * 2) return `${Math.floor(hours / 24 / 30)} months`
  return `${Math.floor(hours / 24 / 365)} years`
}

/** An ID as docker lists it: its first 12 hex digits, or in full. */
export function columnId(id: string, isShort: boolean): string {
  return isShort ? id.replace(/^sha256:/, '').slice(0, 12) : id
}

/** The start of the year 1 in seconds since 1970, which stands for a time that is not known. */
const NO_TIME_SECONDS = -62_135_596_800

/** When an image was created, `CreatedSince` and `CreatedAt`, from seconds since 1970. */
export function createdColumns(seconds: number): { readonly CreatedSince: string; readonly CreatedAt: string } {
  const time = new Date(seconds * 1000).toISOString()
  return { CreatedSince: seconds === NO_TIME_SECONDS ? 'N/A' : formatAge(time), CreatedAt: time }
}
