/** The kinds of requests at which a fault can happen. Every request has at most one point. */
export const FAULT_POINTS = {
  ping: 'GET /v2/',
  token: 'GET or POST of the token endpoint',
  'manifest-head-tag': 'HEAD of a manifest by tag',
  'manifest-head-digest': 'HEAD of a manifest by digest',
  'manifest-get-tag': 'GET of a manifest by tag',
  'manifest-get-digest': 'GET of a manifest by digest',
  'config-get': 'GET of a blob that a manifest, which went through in either direction before, names as its config',
  'blob-get': 'GET of any other blob',
  'blob-head': 'HEAD of a blob',
  'upload-post': 'POST that begins an upload or carries a whole blob',
  'upload-patch': 'PATCH of an upload',
  'upload-put': 'PUT that ends an upload',
  'upload-get': 'GET that asks where an upload stands',
  'manifest-put': 'PUT of a manifest',
  'mount-post': 'POST that mounts a blob from another repository',
  'tags-list': 'GET of a page of tags',
  referrers: 'GET of a list of referrers',
} as const

/** The name of a point; {@link FAULT_POINTS} says what each is. */
export type FaultPoint = keyof typeof FAULT_POINTS

/** Tells whether `value` names a point. */
export function isFaultPoint(value: unknown): value is FaultPoint {
  return typeof value === 'string' && Object.hasOwn(FAULT_POINTS, value)
}
