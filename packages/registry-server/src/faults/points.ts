/** The kinds of requests at which a fault can happen. Every request has at most one point. */
export const FAULT_POINTS = {
  /** `GET /v2/`. */
  ping: 'GET /v2/',
  /** GET or POST of the token endpoint. */
  token: 'GET or POST of the token endpoint',
  /** HEAD of a manifest by tag. */
  'manifest-head-tag': 'HEAD of a manifest by tag',
  /** HEAD of a manifest by digest. */
  'manifest-head-digest': 'HEAD of a manifest by digest',
  /** GET of a manifest by tag. */
  'manifest-get-tag': 'GET of a manifest by tag',
  /** GET of a manifest by digest. */
  'manifest-get-digest': 'GET of a manifest by digest',
  /** GET of a blob that a manifest, which went through in either direction before, names as its config. */
  'config-get': 'GET of a blob that a manifest, which went through before, names as its config',
  /** GET of any other blob. */
  'blob-get': 'GET of any other blob',
  /** HEAD of a blob. */
  'blob-head': 'HEAD of a blob',
  /** POST that begins an upload or carries a whole blob. */
  'upload-post': 'POST that begins an upload or carries a whole blob',
  /** PATCH of an upload. */
  'upload-patch': 'PATCH of an upload',
  /** PUT that ends an upload. */
  'upload-put': 'PUT that ends an upload',
  /** GET that asks where an upload stands. */
  'upload-get': 'GET that asks where an upload stands',
  /** PUT of a manifest. */
  'manifest-put': 'PUT of a manifest',
  /** POST that mounts a blob from another repository. */
  'mount-post': 'POST that mounts a blob from another repository',
  /** GET of a page of tags. */
  'tags-list': 'GET of a page of tags',
  /** GET of a list of referrers. */
  referrers: 'GET of a list of referrers',
} as const

/** The name of a point; {@link FAULT_POINTS} says what each is. */
export type FaultPoint = keyof typeof FAULT_POINTS

/** Tells whether `value` names a point. */
export function isFaultPoint(value: unknown): value is FaultPoint {
  return typeof value === 'string' && Object.hasOwn(FAULT_POINTS, value)
}
