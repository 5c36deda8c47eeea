/** What an entry of a tar is; types without a name of their own are `other`. */
export type TarEntryType =
  | 'file'
  | 'hardlink'
  | 'symlink'
  | 'character-device'
  | 'block-device'
  | 'directory'
  | 'fifo'
  | 'other'

/** One entry of a layer's tar. */
export interface TarEntry {
  /** As it stands in the tar; bytes that are not UTF-8 read as U+FFFD. */
  readonly name: string
  readonly type: TarEntryType
  /** Bytes of data in the tar. */
  readonly size: number
  /** Permission bits with setuid, setgid and sticky, such as `0o644`. */
  readonly mode: number
  readonly uid: number
  readonly gid: number
  /** In seconds since 1970, with a fraction when the tar has one. */
  readonly mtime: number
  /** Target of a link. */
  readonly linkname?: string
  /** Where the data starts in the uncompressed tar, in bytes. */
  readonly offset: number
  /** Size with its holes of a file that is stored sparse, in bytes. */
  readonly sparseSize?: number
  /** Other PAX records of the entry, such as extended attributes. */
  readonly pax?: Readonly<Record<string, string>>
  /** PAX records whose value is not UTF-8, in base64. */
  readonly paxBinary?: Readonly<Record<string, string>>
}
