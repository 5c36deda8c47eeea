import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

import type { CredentialSource } from '@drayage/registry'
import { onTestFinished } from 'vitest'

import { createCredentialSource, type CredentialSourceOptions } from '../create-credential-source.ts'

/** A home directory for one test, with nothing of the real user's in it. */
export interface UserHome {
  readonly path: string
  /** Variables that keep every place of logins inside the home. */
  readonly env: Readonly<Record<string, string>>
  /** Writes a file below the home; a value is written as JSON. */
  write(path: string, content: unknown): Promise<void>
  /** Makes a credential helper of a shell script, which finds the server it is asked about in `$server`. */
  helper(name: string, script: string): Promise<void>
  /** The lines that scripts wrote to `$HOME/log`. */
  log(): Promise<string[]>
  source(options?: CredentialSourceOptions): CredentialSource
}

export async function createUserHome(): Promise<UserHome> {
  const path = await mkdtemp(join(tmpdir(), 'drayage-credentials-'))
  onTestFinished(() => rm(path, { recursive: true }))
  const env = { HOME: path, PATH: `${join(path, 'bin')}:/usr/bin:/bin`, XDG_RUNTIME_DIR: join(path, 'run') }
  const write = async (file: string, content: unknown): Promise<void> => {
    await mkdir(dirname(join(path, file)), { recursive: true })
    await writeFile(join(path, file), typeof content === 'string' ? content : JSON.stringify(content))
  }
  return {
    path,
    env,
    write,
    async helper(name, script) {
      const file = join('bin', `docker-credential-${name}`)
      await write(file, '')
      const text = `#!/bin/sh\nserver=$(cat)\necho "${name} $1 $server" >> "$HOME/log"\n${script}\n`
      await rm(join(path, file))
      await writeFile(join(path, file), text, { mode: 0o755 })
    },
    async log() {
      const text = await readFile(join(path, 'log'), 'utf8').catch(() => '')
      return text.split('\n').filter((line) => line !== '')
    },
    source: (options = {}) => createCredentialSource({ env, home: path, ...options }),
  }
}

/** The `auth` of a login. */
export function auth(username: string, password: string): { auth: string } {
  return { auth: Buffer.from(`${username}:${password}`).toString('base64') }
}
