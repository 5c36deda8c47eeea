/** The largest manifest or image config, in bytes: 4 MiB, what registries accept. */
export const MAX_MANIFEST_BYTES: number = 4 * 1024 * 1024

/** The most layers that a manifest may list. Far above any real image, low enough that decoding stays cheap. */
export const MAX_LAYERS = 10_000

/** The most manifests that an index may list. */
export const MAX_MANIFESTS = 10_000

/** The most steps that an image config's history may have. */
export const MAX_HISTORY = 50_000

/** The deepest nesting of JSON in a manifest or config. */
export const MAX_JSON_DEPTH = 100

/** The most layers that a container can run on; an image with more can be moved but not used. */
export const MAX_RUNNABLE_LAYERS = 125
