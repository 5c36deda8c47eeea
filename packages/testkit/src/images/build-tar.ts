import { concat } from '@drayage/bytes'
import { pack, type Header } from 'tar-stream'

/** An entry of a layer. */
export interface TestFile {
  readonly path: string
  /** `file` by default. */
  readonly type?: 'file' | 'dir' | 'symlink' | 'hardlink' | 'fifo' | 'char-device' | 'block-device'
  /** Of a file; text is written as UTF-8. Empty by default. */
  readonly content?: Uint8Array | string
  /** Octal permissions; 0o644, of directories 0o755, of links 0o777 by default. */
  readonly mode?: number
  /** What a link points at. */
  readonly linkname?: string
  /** 0 by default. */
  readonly uid?: number
  /** 0 by default. */
  readonly gid?: number
  /** Seconds since 1970; 0 by default. */
  readonly mtime?: number
  /** Further records of the extended header, such as `SCHILY.xattr.user.name`. */
  readonly pax?: Readonly<Record<string, string>>
}

type HeaderArgument = Partial<Header> & Pick<Header, 'name'>

const TYPES = {
  file: 'file',
  dir: 'directory',
  symlink: 'symlink',
  hardlink: 'link',
  fifo: 'fifo',
  'char-device': 'character-device',
  'block-device': 'block-device',
} as const

/** The bytes of a tar with these entries in this order; equal entries give equal bytes. */
export async function buildTar(files: readonly TestFile[]): Promise<Uint8Array> {
  const stream = pack()
  for (const file of files) {
    const content = file.type === undefined || file.type === 'file' ? Buffer.from(file.content ?? '') : undefined
    if (content === undefined) stream.entry(headers(file))
    else stream.entry({ ...headers(file), size: content.byteLength }, content)
  }
  stream.finalize()
  const chunks: Uint8Array[] = []
  for await (const chunk of stream) chunks.push(Buffer.from(chunk as Uint8Array))
  return concat(chunks)
}

function headers(file: TestFile): HeaderArgument {
  const type = file.type ?? 'file'
  const base: HeaderArgument = {
    name: type === 'dir' && !file.path.endsWith('/') ? `${file.path}/` : file.path,
    type: TYPES[type],
    mode: file.mode ?? (type === 'dir' ? 0o755 : type === 'symlink' ? 0o777 : 0o644),
    mtime: new Date((file.mtime ?? 0) * 1000),
    uid: file.uid ?? 0,
    gid: file.gid ?? 0,
  }
  if (file.linkname !== undefined) base.linkname = file.linkname
  if (file.pax !== undefined) base.pax = { ...file.pax }
  return base
}
