/**
 * Tar headers as Go reads and writes them: names of any length, PAX records, GNU extensions, sparse files.
 *
 * @packageDocumentation
 */
export type { PaxRecords } from './pax-records.ts'
export type { TarEntry, TarEntryType } from './tar-entry.ts'
export type { TarError, TarErrorCode } from './errors.ts'
export type { SparsePiece } from './sparse.ts'
export type { TarFile } from './encode-header.ts'
export type { TarScanner } from './tar-scanner.ts'

export { TAR_BLOCK_BYTES, paddingOf, TAR_END } from './block.ts'
export { createTarScanner } from './tar-scanner.ts'
export { encodeTarHeader } from './encode-header.ts'
export { isTarError, MAX_TAR_META_BYTES, TarLimitError, TarSyntaxError } from './errors.ts'
export { paxText } from './pax-records.ts'
export { TarReader } from './tar-reader.ts'
