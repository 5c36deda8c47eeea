/** The maximum size of a manifest or image config, in bytes: 4 MiB, which registries accept. */
export const MAX_MANIFEST_BYTES: number = 4 * 1024 * 1024

/** How many layers a manifest may list: far above any real image, low enough that decoding stays cheap. */
export const MAX_LAYERS = 10_000

/** How many manifests an index may list. */
export const MAX_MANIFESTS = 10_000

/** How many steps an image config's history may have. */
export const MAX_HISTORY = 50_000

/** How deep the JSON of a manifest or config may be nested. */
export const MAX_JSON_DEPTH = 100

/** How many layers a container can run on; an image with more can be copied but not run. */
export const MAX_RUNNABLE_LAYERS = 125
