import { existsSync } from 'node:fs'
import { cp, mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'

import { randomBytes, run } from '@drayage/testkit'

const CACHE = path.join(os.tmpdir(), 'drayage-interop')

/** A Debian image of seven layers as an OCI layout. */
export interface DebianImage {
  readonly layout: string
  readonly tag: string
}

/**
 * Makes, once per machine, an image of a Debian root: debootstrap fills the first layer, umoci adds six more.
 *
 * @throws Error when debootstrap or umoci fails
 */
export async function debianImage(): Promise<DebianImage> {
  const layout = path.join(CACHE, 'debian')
  if (existsSync(layout)) return { layout, tag: 'bookworm' }
  await mkdir(CACHE, { recursive: true })
  // Threads of one process may make it at the same time.
  const making = await mkdtemp(path.join(CACHE, 'making-'))
  const root = path.join(making, 'root')
  const image = path.join(making, 'image')
  await succeed('debootstrap', ['--variant=minbase', 'bookworm', root])
  await succeed('umoci', ['init', '--layout', image])
  await succeed('umoci', ['new', '--image', `${image}:bookworm`])
  await addLayer(image, making, root)
  for (const [number, fill] of LAYERS.entries()) {
    const directory = path.join(making, `layer-${number}`)
    await mkdir(directory, { recursive: true })
    await fill(directory)
    await addLayer(image, making, directory)
  }
  await succeed('umoci', ['config', '--image', `${image}:bookworm`, '--config.cmd', '/bin/bash'])
  await succeed('umoci', ['gc', '--layout', image])
  try {
    await rename(image, layout)
  } catch (error) {
    // A concurrent run was faster.
    if (!existsSync(layout)) throw error
  }
  await rm(making, { recursive: true, force: true })
  return { layout, tag: 'bookworm' }
}

async function addLayer(image: string, making: string, directory: string): Promise<void> {
  const tar = path.join(making, 'layer.tar')
  await succeed('tar', ['--sort=name', '--numeric-owner', '-C', directory, '-cf', tar, '.'])
  await succeed('umoci', ['raw', 'add-layer', '--image', `${image}:bookworm`, tar])
}

/** What the layers above the root hold: data that does not compress, many small files, links, replaced and removed files. */
const LAYERS: readonly ((directory: string) => Promise<void>)[] = [
  async (directory) => {
    await mkdir(path.join(directory, 'srv'))
    await writeFile(path.join(directory, 'srv/random'), randomBytes(1, 40_000_000))
  },
  async (directory) => {
    for (let number = 0; number < 5000; number++) {
      const folder = path.join(directory, 'opt/small', String(number % 50))
      await mkdir(folder, { recursive: true })
      await writeFile(path.join(folder, `file-${number}`), `contents of file ${number}\n`)
    }
  },
  async (directory) => {
    await mkdir(path.join(directory, 'etc'))
    await writeFile(path.join(directory, 'etc/hostname'), 'drayage\n')
    await symlink('hostname', path.join(directory, 'etc/hostname.link'))
  },
  async (directory) => {
    await mkdir(path.join(directory, 'opt/small'), { recursive: true })
    await writeFile(path.join(directory, 'opt/small/.wh.0'), '')
  },
  async (directory) => {
    const name = 'long-name-'.repeat(12)
    await mkdir(path.join(directory, name, name), { recursive: true })
    await writeFile(path.join(directory, name, name, name), 'found\n')
  },
  async (directory) => {
    await mkdir(path.join(directory, 'usr/share'), { recursive: true })
    await cp('/usr/share/zoneinfo', path.join(directory, 'usr/share/zoneinfo'), { recursive: true, force: true })
    await writeFile(path.join(directory, 'usr/share/random'), randomBytes(2, 10_000_000))
  },
]

/** Runs a command. @throws Error unless it exits with 0 */
export async function succeed(command: string, args: readonly string[]): Promise<string> {
  const result = await run(command, args)
  if (result.code !== 0) throw new Error(`${command} ${args.join(' ')}: exit ${result.code}\n${result.stderr}`)
  return result.stdout
}
