/** What can be done with layers that are kept at URLs; see `foreignLayers` of `createRuntime`. */
export const FOREIGN_LAYERS: readonly ['skip', 'copy', 'fetch'] = ['skip', 'copy', 'fetch']

/** One of {@link FOREIGN_LAYERS}. */
export type ForeignLayersChoice = (typeof FOREIGN_LAYERS)[number]
