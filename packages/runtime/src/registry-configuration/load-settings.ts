import { readdir } from 'node:fs/promises'
import path from 'node:path'

import type { IgnoredSetting } from './read-config-file.ts'
import { codeOf, isForbidden, readConfigFile, readFirstFile } from './read-config-file.ts'
import { RegistryConfigError } from '../errors.ts'
import {
  parseInsecureRegistry,
  parseMirrorUrl,
  parseRegistryHost,
  parseTrustedRealm,
  type TrustedRealm,
} from './parse-settings.ts'
import type { RegistryFiles } from './registry-files.ts'
import type { RegistryRule } from './registries-conf.ts'

/** What a program says of registries in place of files. */
export interface RegistrySettings {
  /** Mirrors of Docker Hub; with these or `insecureRegistries`, no `daemon.json` is read. */
  readonly mirrors?: readonly string[]
  /** Hosts with an optional port, and CIDRs. */
  readonly insecureRegistries?: readonly string[]
  /**
   * Token servers on another domain than their registry that may see the user's login, as `registry=token-server`, each a
   * host with an optional port; none by default.
   */
  readonly trustedRealms?: readonly string[]
  /**
   * Registries by host and optional port that may send for blobs, and for uploads, from https to http; none by default. Bytes
   * are verified and no login goes along, but anyone on the way can read them.
   */
  readonly httpBlobs?: readonly string[]
  /** Other places than those of the user and the machine; an empty list means that there are none. */
  readonly files?: Partial<RegistryFiles>
}

/** Settings that hold for all registries. */
export interface LoadedSettings {
  /** URLs of mirrors of Docker Hub. */
  readonly mirrors: readonly string[]
  readonly insecureRegistries: readonly string[]
  readonly trustedRealms: readonly TrustedRealm[]
  readonly httpBlobs: ReadonlySet<string>
  readonly rules: readonly RegistryRule[]
  readonly ignored: readonly IgnoredSetting[]
}

/**
 * Reads what holds for all registries. The parsers are loaded when there is something to parse.
 *
 * @throws RegistryConfigError `ERR_REGISTRY_CONFIG`
 */
export async function loadSettings(settings: RegistrySettings, files: RegistryFiles): Promise<LoadedSettings> {
  const ignored: IgnoredSetting[] = []
  const { mirrors, insecureRegistries } = await loadDaemon(settings, files, ignored)
  const rules = await loadRules(files, ignored)
  const trustedRealms = (settings.trustedRealms ?? []).map((text, index) =>
    parseTrustedRealm(text, 'options', `trustedRealms[${index}]`),
  )
  const httpBlobs = new Set(
    (settings.httpBlobs ?? []).map((text, index) => parseRegistryHost(text, 'options', `httpBlobs[${index}]`)),
  )
  return { mirrors, insecureRegistries, trustedRealms, httpBlobs, rules, ignored }
}

async function loadDaemon(
  { mirrors, insecureRegistries }: RegistrySettings,
  files: RegistryFiles,
  ignored: IgnoredSetting[],
): Promise<Pick<LoadedSettings, 'mirrors' | 'insecureRegistries'>> {
  if (mirrors !== undefined || insecureRegistries !== undefined) {
    const unique = (values: readonly string[]): string[] => [...new Set(values)]
    return {
      mirrors: unique((mirrors ?? []).map((url, index) => parseMirrorUrl(url, 'options', `mirrors[${index}]`))),
      insecureRegistries: unique(
        (insecureRegistries ?? []).map((entry, index) =>
          parseInsecureRegistry(entry, 'options', `insecureRegistries[${index}]`),
        ),
      ),
    }
  }
  const found = await readFirstFile(files.daemon, ignored)
  if (found === undefined) return { mirrors: [], insecureRegistries: [] }
  const { parseDaemonJson } = await import('./daemon-json.ts')
  return parseDaemonJson(found.file, found.text)
}

/** A later file's rule for a prefix replaces an earlier one. */
async function loadRules(files: RegistryFiles, ignored: IgnoredSetting[]): Promise<RegistryRule[]> {
  const main = await readFirstFile(files.registries, ignored)
  const found = [...(main === undefined ? [] : [main])]
  for (const directory of files.registriesDirectories) {
    for (const file of await filesIn(directory, ignored)) {
      const text = await readConfigFile(file)
      if (text !== undefined) found.push({ file, text })
    }
  }
  if (found.length === 0) return []
  const { parseRegistriesConf } = await import('./registries-conf.ts')
  const rules = new Map<string, RegistryRule>()
  for (const { file, text } of found) {
    for (const rule of parseRegistriesConf(file, text, ignored)) rules.set(rule.prefix, rule)
  }
  return [...rules.values()]
}

async function filesIn(directory: string, ignored: IgnoredSetting[]): Promise<string[]> {
  try {
    const names = await readdir(directory)
    return names
      .filter((name) => name.endsWith('.conf'))
      .toSorted()
      .map((name) => path.join(directory, name))
  } catch (cause) {
    const code = codeOf(cause)
    if (code === 'ENOENT' || code === 'ENOTDIR') return []
    if (!isForbidden(cause)) throw new RegistryConfigError(directory, '', code, 'a readable directory', { cause })
    ignored.push({ file: directory, key: '', reason: 'this user may not read it' })
    return []
  }
}
