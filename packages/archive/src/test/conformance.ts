import { fromBytes } from '@drayage/bytes'
import { writeBlob, type Fetcher, type Ingester } from '@drayage/content'
import { contentCases, type HeldContent, type Sample } from '@drayage/content/conformance'
import { digestOf, parseDiffId } from '@drayage/digest'
import { encodeImageConfig, encodeManifest, MEDIA_TYPES } from '@drayage/manifest'
import { openFilesIn, tempDir, type TempDir } from '@drayage/testkit'

import {
  createDockerArchiveWriter,
  createDockerOciArchiveSink,
  createOciArchiveSink,
  createOciLayoutSink,
  openDirImage,
  openDirSink,
  openDockerArchive,
  openFileOutput,
  openOciArchive,
  openOciLayout,
  type ArchiveOutput,
  type OciArchiveSink,
} from '../index.ts'

const AMD64 = { os: 'linux', architecture: 'amd64' }
const NOT_KEPT = 'disposing an ingest drops its bytes'

/** A configuration and a manifest with these contents as layers. */
function imageOf(contents: readonly Sample[]): { readonly config: Sample; readonly manifest: Sample } {
  const diffIds = contents.map(({ what }) => parseDiffId(what.digest))
  const rootfs = { type: 'layers' as const, diff_ids: diffIds }
  const config = sampleOf(encodeImageConfig({ os: 'linux', architecture: 'amd64', rootfs }), MEDIA_TYPES.ociConfig)
  const manifest = encodeManifest({
    schemaVersion: 2,
    mediaType: MEDIA_TYPES.ociManifest,
    config: config.what,
    layers: contents.map(({ what }) => ({ ...what, mediaType: MEDIA_TYPES.ociLayer })),
  })
  return { config, manifest: sampleOf(manifest, MEDIA_TYPES.ociManifest) }
}

function sampleOf(bytes: Uint8Array, mediaType: string): Sample {
  return { bytes, what: { mediaType, digest: digestOf(bytes), size: bytes.byteLength } }
}

async function fill(sink: Ingester, contents: readonly Sample[]): Promise<void> {
  for (const { what, bytes } of contents) await writeBlob(sink, what, bytes)
}

/** Closes what was opened below a directory, and counts what is open there. */
const closing = (
  directory: TempDir,
  ...others: readonly AsyncDisposable[]
): AsyncDisposable & { openHandles(): Promise<number> } => ({
  openHandles: () => openFilesIn(directory.path),
  async [Symbol.asyncDispose]() {
    for (const other of others) await other[Symbol.asyncDispose]()
    await directory[Symbol.asyncDispose]()
  },
})

/** An OCI layout with these contents, whose index lists `image` besides what `put` puts. */
async function openLayout(
  contents: readonly Sample[],
  put?: (sink: ReturnType<typeof createOciLayoutSink>) => Promise<void>,
) {
  const directory = await tempDir()
  const store = createOciLayoutSink({ directory: directory.path })
  await fill(store, contents)
  await (put ?? ((sink) => sink.keepReferrers(digestOf(''), [])))(store)
  const source = await openOciLayout({ directory: directory.path })
  return { store, source, ...closing(directory) }
}

/** An oci-archive with these contents. */
async function openArchive(contents: readonly Sample[], put: (sink: OciArchiveSink) => Promise<void>) {
  const directory = await tempDir()
  const file = `${directory.path}/image.tar`
  {
    await using sink = createOciArchiveSink(await openFileOutput(file))
    await fill(sink, contents)
    await put(sink)
    await sink.finish()
  }
  const source = await openOciArchive(file)
  return { source, ...closing(directory, source) }
}

async function openFilledArchive({ contents }: HeldContent) {
  const { config, manifest } = imageOf(contents)
  return await openArchive([...contents, config, manifest], (sink) => sink.put(manifest.what))
}

/** An archive that is being written, which cannot be read yet. */
async function openArchiveSink(create: (output: ArchiveOutput) => OciArchiveSink) {
  const directory = await tempDir()
  const sink = create(await openFileOutput(`${directory.path}/image.tar`))
  const unread: Fetcher = {
    fetch: () => {
      throw new TypeError('Cannot fetch: the archive is being written')
    },
  }
  return { store: { ...sink, ...unread }, ...closing(directory, sink) }
}

const archiveSinkLacks = {
  'open-handles': 'it keeps unfinished content open until the archive is finished',
  reads: 'an archive can be read once it is finished',
  reopen: 'an archive has one writer',
}
const asLayout = 'it is an oci-archive with files beside, and is read as a docker-archive'
const notHere = 'archives do not change'

/** What of this package takes part in suites. */
export const conformance = {
  'OCI layout': contentCases({
    fetch: { create: ({ contents }) => openLayout(contents) },
    has: { create: ({ contents }) => openLayout(contents) },
    ingest: {
      create: () => openLayout([]),
      lacks: { resume: NOT_KEPT, reopen: 'each holder writes a file of its own' },
    },
    follow: 'layouts are written, and not read at the same time',
    resolve: {
      create: ({ names }) =>
        openLayout(
          names.map(({ manifest }) => manifest),
          async (sink) => {
            for (const { name, manifest } of names) await sink.tag(manifest.what, name)
          },
        ),
    },
    tag: {
      create: ({ contents }) => openLayout(contents),
      lacks: { untag: 'an entry of the index keeps its name until another one gets it' },
    },
    list: 'the index lists images, and other content is found through them',
    delete: 'layouts only grow',
    referrers: {
      create: ({ subject, referrers, parts }) =>
        openLayout([subject, ...parts, ...referrers], async (sink) => {
          for (const { what } of [subject, ...referrers]) await sink.put(what)
        }),
    },
    keepReferrers: {
      async create({ subject, referrers, parts }) {
        const { store, source, ...rest } = await openLayout([subject, ...parts, ...referrers], (sink) =>
          sink.put(subject.what),
        )
        return { store: { ...store, referrers: source.referrers }, ...rest }
      },
    },
  }),
  'oci-archive': contentCases({
    fetch: { create: openFilledArchive },
    has: { create: openFilledArchive },
    ingest: { create: () => openArchiveSink(createOciArchiveSink), lacks: archiveSinkLacks },
    follow: 'an archive can be read once it is finished',
    resolve: {
      create: ({ names }) =>
        openArchive(
          names.map(({ manifest }) => manifest),
          async (sink) => {
            for (const { name, manifest } of names) await sink.tag(manifest.what, name)
          },
        ),
    },
    tag: 'names can be resolved once the archive is finished',
    list: 'the index lists images, and other content is found through them',
    delete: notHere,
    referrers: {
      create: ({ subject, referrers, parts }) =>
        openArchive([subject, ...parts, ...referrers], async (sink) => {
          await sink.put(subject.what)
          await sink.keepReferrers(
            subject.what.digest,
            referrers.map(({ what }) => what),
          )
        }),
    },
    keepReferrers: 'referrers can be listed once the archive is finished',
  }),
  'docker-oci-archive': contentCases({
    ingest: {
      create: () => openArchiveSink((output) => createDockerOciArchiveSink(output, { platform: AMD64 })),
      lacks: archiveSinkLacks,
    },
    ...{ fetch: asLayout, has: asLayout, resolve: asLayout, referrers: asLayout },
    ...{ follow: asLayout, tag: asLayout, list: asLayout, delete: notHere, keepReferrers: asLayout },
  }),
  'docker-archive': contentCases({
    fetch: {
      create: openFilledDockerArchive,
      lacks: { 'exact-sizes': 'it knows content by digest and size together' },
    },
    has: { create: openFilledDockerArchive },
    ingest: 'its writer takes whole images',
    follow: 'an archive can be read once it is finished',
    resolve: 'it makes the manifests that its names stand for',
    tag: 'its writer takes names with images',
    list: 'it lists images, and their content is found through them',
    delete: notHere,
    referrers: 'its format has none',
    keepReferrers: 'its format has none',
  }),
  'dir:': contentCases({
    fetch: { create: openFilledDir },
    has: { create: openFilledDir },
    ingest: {
      async create() {
        const directory = await tempDir()
        return { store: await openDirSink({ directory: directory.path }), ...closing(directory) }
      },
      lacks: { resume: NOT_KEPT, reopen: 'each holder writes a file of its own' },
    },
    follow: 'directories are written, and not read at the same time',
    resolve: 'it holds one image without a name',
    tag: 'it holds one image without a name',
    list: 'it holds one image, through which its content is found',
    delete: 'putting an image removes what another one left',
    referrers: 'its format has none',
    keepReferrers: 'its format has none',
  }),
}

async function openFilledDockerArchive({ contents }: HeldContent) {
  const directory = await tempDir()
  const file = `${directory.path}/image.tar`
  {
    await using writer = createDockerArchiveWriter(await openFileOutput(file))
    const layers = contents.map(({ what, bytes }) => ({
      diffId: parseDiffId(what.digest),
      size: what.size,
      open: () => fromBytes(bytes),
    }))
    await writer.add({ config: imageOf(contents).config.bytes, repoTags: ['app:1'], layers })
    await writer.finish()
  }
  const source = await openDockerArchive(file)
  for (const entry of source.images) await source.read(entry)
  return { source, ...closing(directory, source) }
}

async function openFilledDir({ contents }: HeldContent) {
  const directory = await tempDir()
  const sink = await openDirSink({ directory: directory.path })
  const { config, manifest } = imageOf(contents)
  await fill(sink, [...contents, config, manifest])
  await sink.put(manifest.what)
  return { source: await openDirImage({ directory: directory.path }), ...closing(directory) }
}
