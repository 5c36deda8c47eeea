import { open } from 'node:fs/promises'

const BLOCK = 512

/** A file in a tar: its bytes are those of the tar from `start` on. */
export interface TarMember {
  readonly name: string
  readonly start: number
  readonly size: number
}

/** The files in a plain tar whose names fit its headers, as those of a docker-archive do. */
export async function tarMembers(file: string): Promise<Map<string, TarMember>> {
  await using handle = await open(file)
  const members = new Map<string, TarMember>()
  const header = Buffer.alloc(BLOCK)
  for (let position = 0; ;) {
    const { bytesRead } = await handle.read(header, 0, BLOCK, position)
    if (bytesRead < BLOCK || header[0] === 0) return members
    const name = header.toString('utf8', 0, 100).replace(/\0.*$/s, '')
    // Sizes of 8 GiB and more are binary numbers, marked by the first bit.
    const isBinary = ((header[124] ?? 0) & 0x80) !== 0
    const size = isBinary ? header.readUIntBE(130, 6) : Number.parseInt(header.toString('latin1', 124, 136), 8)
    const start = position + BLOCK
    members.set(name, { name, start, size })
    position = start + Math.ceil(size / BLOCK) * BLOCK
  }
}
