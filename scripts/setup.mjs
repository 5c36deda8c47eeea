// Prepares a checkout: installs the locked dependencies (Node among them) and builds what has changed.
// Runs on Node 18 and newer with nothing installed. `npm run demo`, `npm test` and `npm run dray` start here.
//
//   node scripts/setup.mjs [--quiet] [--then <file> [arguments]]
//
// --quiet   prints nothing unless a step fails
// --then    afterwards runs <file> (relative to the repository) with the pinned Node and passes on its exit status
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
const bin = path.join(root, 'node_modules', '.bin')
const stampFile = path.join(root, 'node_modules', '.setup-stamp')
const { quiet, command } = readArguments(process.argv.slice(2))

const env = {
  ...process.env,
  PATH: [bin, process.env.PATH, path.dirname(process.execPath)].filter(Boolean).join(path.delimiter),
  DO_NOT_TRACK: '1',
  TURBO_TELEMETRY_DISABLED: '1',
  TURBO_NO_UPDATE_NOTIFIER: '1',
}

install()
const node = chooseNode()
build()
if (command !== undefined) run(command)

function readArguments(given) {
  const then = given.indexOf('--then')
  const own = then < 0 ? given : given.slice(0, then)
  const unknown = own.find((argument) => argument !== '--quiet')
  if (unknown !== undefined || (then >= 0 && given[then + 1] === undefined)) {
    fail(`Cannot set up: found "${unknown ?? '--then'}", expected [--quiet] [--then <file> [arguments]]`)
  }
  return { quiet: own.includes('--quiet'), command: then < 0 ? undefined : given.slice(then + 1) }
}

/** Installs the locked dependencies, unless the manifests are those of the last install. */
function install() {
  if (existsSync(bin) && existsSync(stampFile) && readFileSync(stampFile, 'utf8') === fingerprint()) return
  rmSync(stampFile, { force: true })
  const advice = [
    'The locked packages could not be installed. Look at the lines above; if they speak of the network, check that',
    '`npm ping` works, then run the same command again. If they speak of an outdated lockfile, run `pnpm install`.',
  ]
  const directory = mkdtempSync(path.join(tmpdir(), 'drayage-setup-'))
  try {
    const [program, ...parameters] = fetchPnpm(directory, advice)
    step('install', program, [...parameters, 'install', '--frozen-lockfile'], advice)
  } finally {
    rmSync(directory, { recursive: true })
  }
  writeFileSync(stampFile, fingerprint())
}

/** Fetches pnpm as the lockfile has it, and checks its hash before it runs; gives the command that starts it. */
function fetchPnpm(directory, advice) {
  const { packageManager } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'))
  const version = packageManager.split('@')[1]
  // Of the builds for Linux, the one for musl is told by the C library of the running Node.
  const isMusl = process.platform === 'linux' && process.report.getReport().header.glibcVersionRuntime === undefined
  const name = `@pnpm/exe.${process.platform}-${process.arch}${isMusl ? '-musl' : ''}@${version}`
  const lock = readFileSync(path.join(root, 'pnpm-lock.yaml'), 'utf8')
  const integrity = lock.split(`'${name}':\n    resolution: {integrity: `)[1]?.split('}')[0]
  if (integrity === undefined) {
    process.stderr.write(
      `install: the lockfile has no hash of ${name}: npm checks what it fetches, and nothing else does\n`,
    )
    return ['npx', '-y', packageManager]
  }
  step('fetch pnpm', 'npm', ['pack', name, '--silent', '--pack-destination', directory], advice)
  const [file] = readdirSync(directory)
  const archive = path.join(directory, file)
  const found = `sha512-${createHash('sha512').update(readFileSync(archive)).digest('base64')}`
  if (found !== integrity) fail(`Cannot install: ${name} has the hash ${found}, expected ${integrity}`)
  step('unpack pnpm', 'tar', ['-xzf', archive, '-C', directory], advice)
  return [path.join(directory, 'package', process.platform === 'win32' ? 'pnpm.exe' : 'pnpm')]
}

/** What an install depends on: the lockfile, the workspace file and every package.json, and that the links are there. */
function fingerprint() {
  const hash = createHash('sha256')
  const add = (file) => hash.update(`${file}\0${readFileSync(path.join(root, file))}\0`)
  for (const file of ['package.json', 'pnpm-lock.yaml', 'pnpm-workspace.yaml']) add(file)
  for (const group of ['packages', 'apps', 'tools']) {
    for (const name of readdirSync(path.join(root, group)).sort()) {
      const manifest = path.join(group, name, 'package.json')
      if (!existsSync(path.join(root, manifest))) continue
      add(manifest)
      const linked = existsSync(path.join(root, group, name, 'node_modules'))
      const { dependencies, devDependencies } = JSON.parse(readFileSync(path.join(root, manifest), 'utf8'))
      if (!linked && (dependencies !== undefined || devDependencies !== undefined)) hash.update('unlinked')
    }
  }
  return `${hash.digest('hex')} ${process.platform} ${process.arch}\n`
}

/** The pinned Node from the lockfile, or the running one where there is no build of it for this machine. */
function chooseNode() {
  const pinned = path.join(bin, 'node')
  if (existsSync(pinned) && spawnSync(pinned, ['--version'], { stdio: 'ignore' }).status === 0) return pinned
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major > 22 || (major === 22 && minor >= 19)) return process.execPath
  return fail(
    `Cannot set up: there is no pinned Node for ${process.platform}-${process.arch} and this one is ${process.version}`,
    'Install Node 22.19 or newer (https://nodejs.org) and run the same command again.',
  )
}

function build() {
  step(
    'build',
    node === process.execPath ? 'turbo' : path.join(bin, 'turbo'),
    ['run', 'build', '--output-logs=errors-only'],
    ['A package does not build. Look at the compiler errors above.'],
  )
}

/** Runs one step and prints one line about it, its output only when it fails. */
function step(name, program, parameters, advice) {
  const startedAt = performance.now()
  if (!quiet && name === 'install') process.stderr.write('install: fetching the locked packages\n')
  const done = spawnSync(program, parameters, {
    cwd: root,
    env,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    shell: process.platform === 'win32',
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  if (done.status !== 0) {
    process.stderr.write(`${done.stdout ?? ''}${done.stderr ?? ''}`)
    fail(
      `Cannot ${name}: ${done.error?.message ?? `${path.basename(program)} ended with ${done.signal ?? done.status}`}`,
      ...advice,
    )
  }
  if (!quiet && !name.endsWith(' pnpm'))
    process.stderr.write(`${name}: done in ${((performance.now() - startedAt) / 1000).toFixed(1)} s\n`)
}

/** Runs the requested program instead of this one: same terminal, same exit status, signals passed on. */
function run([file, ...parameters]) {
  const child = spawn(node, [path.resolve(root, file), ...parameters], { cwd: root, env, stdio: 'inherit' })
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP']
  // The terminal sends an interrupt to the whole process group, so the child has it already when stdin is a terminal.
  const passOn = (signal) => (signal === 'SIGINT' && process.stdin.isTTY ? undefined : child.kill(signal))
  for (const signal of signals) process.on(signal, passOn)
  child.on('error', (error) => fail(`Cannot run "${file}": ${error.message}`))
  child.on('exit', (code, signal) => {
    for (const name of signals) process.removeListener(name, passOn)
    if (signal === null) process.exitCode = code
    else process.kill(process.pid, signal)
  })
}

function fail(...lines) {
  process.stderr.write(`${lines.join('\n')}\n`)
  process.exit(1)
}
