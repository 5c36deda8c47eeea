/**
 * The main job as a user does it: pull an image, inspect it, save it, and read back what was saved.
 *
 *   npm run demo            an image of our own, from our own registry on loopback
 *   npm run demo -- REF     any image, from its registry
 */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

import { startRegistry } from './demo/embedded-registry.ts'
import { verifyDockerArchive, verifyLayout } from './demo/verify.ts'
import { root } from './workspace.ts'

const [given, ...more] = process.argv.slice(2)
if (more.length > 0 || given?.startsWith('-')) {
  console.error('Usage: npm run demo [-- REF]')
  process.exit(2)
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
const directory = mkdtempSync(path.join(tmpdir(), 'drayage-demo-'))
const startedAt = performance.now()
let stopCommand: ((signal: (typeof SIGNALS)[number]) => void) | undefined
let stoppedBy: (typeof SIGNALS)[number] | undefined
process.on('exit', () => rmSync(directory, { recursive: true, force: true }))
for (const signal of SIGNALS) {
  process.on(signal, () => {
    stoppedBy = signal
    // At a terminal the command was interrupted together with this program; it ends by itself and keeps what it has.
    if (stopCommand === undefined) process.exit(signal === 'SIGINT' ? 130 : 143)
    if (signal !== 'SIGINT' || !process.stdin.isTTY) stopCommand(signal)
  })
}

try {
  await demo()
} catch (error) {
  if (stoppedBy === undefined) console.error(error instanceof Error ? error.message : error)
  process.exitCode = stoppedBy === undefined ? 1 : stoppedBy === 'SIGINT' ? 130 : 143
}

async function demo(): Promise<void> {
  if (given !== undefined) return await show(given)
  say('Making an image from files of this checkout, and serving it from a registry on loopback')
  const { server, reference } = await startRegistry()
  try {
    await show(reference)
  } finally {
    await server.close()
  }
}

async function show(reference: string): Promise<void> {
  const archive = path.join(directory, 'image.tar')
  const layout = path.join(directory, 'layout')

  say('Pull it: every layer is verified before the image appears')
  await dray('pull', reference)
  say('Look at it')
  await dray('images')
  await dray(
    'inspect',
    '--format',
    'Id: {{.Id}}\nPlatform: {{.Os}}/{{.Architecture}}\nLayers: {{len .RootFS.Layers}}',
    reference,
  )
  await dray('history', reference)
  say('Pull it again: nothing is fetched')
  await dray('pull', reference)
  say('Save it, for docker load and as an OCI layout')
  await dray('save', '--as', 'docker-archive', '-o', archive, reference)
  await dray('save', '--as', 'oci', '-o', layout, reference)

  say('Verify: read back what was saved')
  const imageId = (await dray('inspect', '--format', '{{.Id}}', reference)).trim()
  const saved = await verifyDockerArchive(archive, imageId)
  console.log(`image.tar: ${saved.count} layers, ${megabytes(saved.bytes)}, each hashes to its DiffID`)
  const kept = await verifyLayout(layout)
  console.log(`layout: ${kept.count} blobs, ${megabytes(kept.bytes)}, each hashes to its digest`)

  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
  const example = given ?? 'alpine:3'
  console.log(`
Done in ${seconds} s: ${reference} was pulled, listed, inspected, pulled again, saved twice (${megabytes(saved.bytes)} of layers
as a docker-archive, ${megabytes(kept.bytes)} as an OCI layout) and verified. Its temporary files are removed.

What to try next, from ${root}:
  export PATH="$PWD/node_modules/.bin:$PATH"
  dray pull ${example}
  dray images
  dray save -o image.tar ${example}
  dray copy docker://${example} oci:layout
  dray --help${given === undefined ? '\n  npm run demo -- alpine:3' : ''}`)
}

function say(text: string): void {
  console.log(`\n# ${text}`)
}

/** Prints a command and runs it in this terminal, with a store of its own. Its output is kept too when it is one field. */
async function dray(...args: string[]): Promise<string> {
  if (stoppedBy !== undefined) throw new Error('Cannot continue: stopped')
  const isWanted = args.includes('{{.Id}}')
  console.log(`$ dray ${args.map(quoted).join(' ')}`)
  const child = spawn(process.execPath, [path.join(root, 'apps/cli/bin/dray.js'), ...args], {
    env: { ...process.env, DRAYAGE_STORE: path.join(directory, 'store') },
    stdio: ['inherit', isWanted ? 'pipe' : 'inherit', 'inherit'],
  })
  stopCommand = (signal) => child.kill(signal)
  let output = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (output += text))
  const { promise, resolve, reject } = Promise.withResolvers<number | null>()
  child.on('error', reject)
  child.on('close', resolve)
  const status = await promise
  stopCommand = undefined
  process.stdout.write(output)
  if (status !== 0) throw new Error(`Cannot continue: dray ${args[0]} ended with ${status ?? 'a signal'}`)
  return output
}

function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll('\n', String.raw`\n`)}'`
}

function megabytes(bytes: number): string {
  return `${(bytes / 1_000_000).toFixed(1)} MB`
}
