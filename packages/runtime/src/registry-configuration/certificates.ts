import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import path from 'node:path'

import type { HostTls } from '@drayage/registry/undici'

import { RegistryConfigError } from '../errors.ts'
import { codeOf, isForbidden, readConfigFile } from './read-config-file.ts'

/**
 * The certificates of a host in the first of several directories that has some: `<host>/*.crt` are authorities,
 * `<host>/*.cert` and `<host>/*.key` with the same stem a client certificate and its key. A directory that this user may not
 * read is passed over.
 *
 * @throws RegistryConfigError `ERR_REGISTRY_CONFIG` for files that cannot be used, as docker refuses them
 */
export async function readCertificates(directories: readonly string[], host: string): Promise<HostTls | undefined> {
  if (!/^[\w.:[\]-]+$/.test(host) || host.startsWith('.')) return undefined
  for (const directory of directories) {
    const found = path.join(directory, host)
    const names = await namesIn(found)
    if (names === undefined) continue
    const tls = await readDirectory(found, names)
    if (tls !== undefined) return tls
  }
  return undefined
}

async function namesIn(directory: string): Promise<readonly string[] | undefined> {
  try {
    return (await readdir(directory)).toSorted()
  } catch (cause) {
    const code = codeOf(cause)
    if (code === 'ENOENT' || code === 'ENOTDIR' || isForbidden(cause)) return undefined
    throw new RegistryConfigError(directory, '', code, 'a readable directory', { cause })
  }
}

async function readDirectory(directory: string, names: readonly string[]): Promise<HostTls | undefined> {
  const at = (name: string): string => path.join(directory, name)
  const ca = await Promise.all(names.filter((name) => name.endsWith('.crt')).map((name) => readCertificate(at(name))))
  const pairs: { readonly cert: string; readonly key: string }[] = []
  for (const name of names) {
    const [stem, kind] = [name.slice(0, name.lastIndexOf('.')), path.extname(name)]
    if (kind === '.cert') {
      if (!names.includes(`${stem}.key`)) {
        const wanted = `${stem}.key beside it; certificates of authorities end in .crt`
        throw new RegistryConfigError(at(name), '', 'a client certificate without a key', wanted)
      }
      pairs.push(await readPair(at(name), at(`${stem}.key`)))
    }
    if (kind === '.key' && !names.includes(`${stem}.cert`)) {
      throw new RegistryConfigError(at(name), '', 'a key without a client certificate', `${stem}.cert beside it`)
    }
  }
  // TLS shows one certificate; docker takes the first that the server accepts.
  const [pair] = pairs
  if (ca.length === 0 && pair === undefined) return undefined
  return { ...(ca.length > 0 && { ca }), ...pair }
}

/** Certificates in PEM. @throws RegistryConfigError `ERR_REGISTRY_CONFIG` */
export async function readCertificate(file: string): Promise<string> {
  const text = await readRequired(file)
  return checked(file, 'a certificate in PEM', () => (new X509Certificate(text), text))
}

/** A client certificate and its key, which may be in one file. @throws RegistryConfigError `ERR_REGISTRY_CONFIG` */
export async function readPair(
  certFile: string,
  keyFile: string,
): Promise<{ readonly cert: string; readonly key: string }> {
  const cert = await readCertificate(certFile)
  const key = keyFile === certFile ? cert : await readRequired(keyFile)
  const isPair = checked(keyFile, 'a key in PEM', () =>
    new X509Certificate(cert).checkPrivateKey(createPrivateKey(key)),
  )
  if (!isPair) throw new RegistryConfigError(keyFile, '', 'another key', `the one of ${path.basename(certFile)}`)
  return { cert, key }
}

async function readRequired(file: string): Promise<string> {
  const text = await readConfigFile(file)
  if (text === undefined) throw new RegistryConfigError(file, '', 'no file', 'one')
  return text
}

/** The cause is left out: it may quote a key. */
function checked<T>(file: string, wanted: string, parse: () => T): T {
  try {
    return parse()
  } catch {
    throw new RegistryConfigError(file, '', 'other content', wanted)
  }
}
