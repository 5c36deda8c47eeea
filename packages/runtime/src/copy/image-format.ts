/** The formats that manifests can be written in: OCI, Docker schema 2, and schema 1 for registries that know nothing else. */
export const IMAGE_FORMATS: readonly ['oci', 'v2s2', 'v2s1'] = ['oci', 'v2s2', 'v2s1']

/** One of {@link IMAGE_FORMATS}. */
export type ImageFormat = (typeof IMAGE_FORMATS)[number]
