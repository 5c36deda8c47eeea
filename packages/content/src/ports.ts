import type { AbortOptions, ByteStream } from '@drayage/bytes'
import type { Digest } from '@drayage/digest'
import type { Descriptor } from '@drayage/manifest'
import type { Reference, Repository } from '@drayage/reference'

/** Which bytes of a blob to fetch. */
export interface RangeOptions extends AbortOptions {
  /** The first byte wanted; 0 by default. */
  readonly offset?: number
  /**
   * `true` when a source that cannot begin at the offset should fail rather than read up to it; `false` by default.
   */
  readonly mustSeek?: boolean
  /**
   * `false` if the caller verifies the bytes itself, as an ingest does, so that they are not hashed twice. `'before'` if it
   * passes on a part of them: a store whose bytes can go bad then verifies the whole before it gives the first one, once for
   * each state of its file. `true` by default.
   */
  readonly verify?: boolean | 'before'
}

/** Gives the bytes of content. */
export interface Fetcher {
  /**
   * The bytes of `what`. From offset 0 they are verified: the stream throws at its end unless size and digest match. From
   * a later offset only the size is checked, and the caller verifies the whole, unless `verify` is `'before'`. Failures
   * come from the stream, not from the call. A schema 1 manifest may come with its signatures, which neither its digest nor `what.size` is about.
   *
   * @throws ContentNotFoundError `ERR_CONTENT_NOT_FOUND`
   * @throws RangeError when `offset` is not an integer from 0 to `what.size`
   */
  fetch(what: Descriptor, options?: RangeOptions): ByteStream
}

/**
 * Tells how large blobs are that are known by their digest alone, such as the layers of schema 1: an ability of a source,
 * see `canTellSizes`.
 */
export interface BlobSizer {
  /**
   * The bytes of a blob, as the source announces them: fetching the blob verifies them.
   *
   * @throws ContentNotFoundError `ERR_CONTENT_NOT_FOUND`
   */
  sizeOf(blob: Pick<Descriptor, 'mediaType' | 'digest'>, options?: AbortOptions): Promise<number>
}

/** Tells what is stored. */
export interface Checker {
  /** Whether the whole, verified content is stored. */
  has(what: Descriptor, options?: AbortOptions): Promise<boolean>
}

/** Turns names into descriptors. */
export interface Resolver {
  /**
   * The descriptor that `name` stands for now.
   *
   * @throws NameNotFoundError `ERR_NAME_NOT_FOUND`
   */
  resolve(name: Reference, options?: AbortOptions): Promise<Descriptor>
}

/** Gives names to content. */
export interface Tagger {
  /** Makes `name` stand for `what` instead of what it stood for before. */
  tag(what: Descriptor, name: Reference, options?: AbortOptions): Promise<void>
}

/**
 * Stores a manifest and gives it a name in one step, as registries can: an ability of a sink, see `canPutTagged`.
 */
export interface TaggedPutter {
  /**
   * Verifies `bytes`, stores them as `what` and makes `name` stand for it. All that the manifest refers to has been stored.
   *
   * @throws ShortContentError `ERR_CONTENT_SHORT`
   * @throws LongContentError `ERR_CONTENT_LONG`
   * @throws DigestMismatchError `ERR_DIGEST_MISMATCH`
   */
  putTagged(what: Descriptor, bytes: Uint8Array, name: Reference, options?: AbortOptions): Promise<void>
}

/**
 * Stores signed schema 1 manifests, whose digest is that of what was signed: an ability of a sink, see `canPutSigned`.
 */
export interface SignedPutter {
  /**
   * Verifies `signed` against `what`, the manifest without its signatures, and stores it as it is, under `name` where there is
   * one. All that the manifest refers to has been stored.
   *
   * @throws DigestMismatchError `ERR_DIGEST_MISMATCH`
   */
  putSigned(what: Descriptor, signed: Uint8Array, name: Reference | undefined, options?: AbortOptions): Promise<void>
}

/** Takes names away. */
export interface Untagger {
  /** Removes `name`; the content stays. Resolves to whether there was such a name. */
  untag(name: Reference, options?: AbortOptions): Promise<boolean>
}

/** Removes content. */
export interface Deleter {
  /** Removes the content with this digest. Resolves to whether it was stored. */
  delete(digest: Digest, options?: AbortOptions): Promise<boolean>
}

/** Removes content within a transaction that decides about it, and so without waiting. */
export interface Taker {
  /** Takes content away: it is not there any more once this returns. Gives its bytes; `undefined` when it was not stored. */
  take(digest: Digest): number | undefined
  /** Frees the room of what was taken, where that takes time. */
  freeTaken(options?: AbortOptions): Promise<void>
}

/** Lists content. */
export interface Lister {
  /** Every stored digest, in no order. */
  list(options?: AbortOptions): AsyncIterable<{ readonly digest: Digest; readonly size: number }>
}

/** Which content an ingest is for: its digest when it is known before, else any token of `[a-zA-Z0-9_-]{1,128}`. */
export type IngestKey = string

/** How content is taken in. */
export interface BeginOptions extends AbortOptions {
  /** Bytes of the whole content, where they are known: some places need the number before the first byte. */
  readonly size?: number | undefined
}

/** Takes content in. */
export interface Ingester {
  /**
   * Opens the ingest of this key, and waits while another holder, of this process or another, has it open. Bytes that an
   * earlier holder stored are still there.
   *
   * @throws IngestKeyError `ERR_INGEST_KEY`
   */
  begin(key: IngestKey, options?: BeginOptions): Promise<Ingest>
}

/**
 * Content on its way in; nothing of it is visible before {@link Ingest.commit}. Disposing keeps the bytes for a later
 * `begin` of the same key. Its calls are made one after the other.
 */
export interface Ingest extends AsyncDisposable {
  /** Bytes stored so far. */
  readonly offset: number
  /**
   * Stores the bytes of `source` after those stored before. When it rejects, the bytes that came before are kept.
   *
   * @throws IngestClosedError `ERR_INGEST_CLOSED` after the end of the ingest
   */
  append(source: ByteStream, options?: AbortOptions): Promise<void>
  /**
   * Verifies size and digest, then makes the content visible and durable, and ends the ingest. On a mismatch the bytes
   * are dropped and the ingest continues from offset 0. Content that is stored already needs no more bytes:
   * `already-present`, also when this ingest committed it before.
   *
   * @throws IngestClosedError `ERR_INGEST_CLOSED` after the end of the ingest, when the content is not stored
   * @throws ShortContentError `ERR_CONTENT_SHORT` (the bytes are kept: more may come)
   * @throws LongContentError `ERR_CONTENT_LONG`
   * @throws DigestMismatchError `ERR_DIGEST_MISMATCH`
   */
  commit(expected: Descriptor, options?: AbortOptions): Promise<'committed' | 'already-present'>
  /**
   * Drops the bytes stored so far; the offset is 0 again.
   *
   * @throws IngestClosedError `ERR_INGEST_CLOSED` after the end of the ingest
   */
  reset(options?: AbortOptions): Promise<void>
}

/**
 * An ingest whose bytes can be read while they arrive, for instance to inflate a layer during its download: an ability of
 * an {@link Ingest}, see `canFollow`.
 */
export interface Followable {
  /**
   * The stored bytes from the first one on, also those of an earlier holder, and then each further one as it is appended.
   * Ends at the commit and rejects with the reason when the ingest is reset or disposed before. Unverified until then.
   */
  follow(options?: AbortOptions): ByteStream
}

/** Takes content from another repository of the same registry. */
export interface Mounter {
  /** Resolves to whether the content is now here; `false` when it has to be copied. */
  mount(what: Descriptor, from: Repository, options?: AbortOptions): Promise<boolean>
}

/** Which referrers are listed. */
export interface ReferrersOptions extends AbortOptions {
  /** Gives only referrers of this type; all by default. */
  readonly artifactType?: string | undefined
}

/** Lists what refers to content: an ability of a source, see `canListReferrers`. */
export interface ReferrerLister {
  /** The manifests that the source knows to have this subject. */
  referrers(digest: Digest, options?: ReferrersOptions): AsyncIterable<Descriptor>
}

/** Keeps the list of what refers to content: an ability of a sink, see `canKeepReferrers`. */
export interface ReferrerKeeper {
  /** Adds `referrers`, stored manifests with this subject, to its list; those in it stay. */
  keepReferrers(subject: Digest, referrers: readonly Descriptor[], options?: AbortOptions): Promise<void>
}

/** What a check of content finds. */
export type BlobState = 'intact' | 'corrupt' | 'missing'

/** Notices content that went bad since it was stored: an ability of a store, see `canVerify`. */
export interface Verifier {
  /**
   * What has become of stored content, without reading all of it where that says nothing new: a file that was lost, cut,
   * replaced or written to is noticed, and so is damage at its beginning or end. What looks suspicious is read whole, so
   * that `corrupt` is certain. Damage in the middle of a large file shows when it is read, and here from then on.
   */
  verify(what: Descriptor, options?: AbortOptions): Promise<BlobState>
  /**
   * Those of `all` that {@link Verifier.verify} would look into, or that are missing, by what their file system tells
   * without opening them. For lists of many.
   */
  suspects(all: readonly Descriptor[], options?: AbortOptions): Promise<Descriptor[]>
  /**
   * Takes content out of the way that is not what its digest says, once it is read whole and certain. Resolves to whether
   * there was such content; what is intact stays.
   */
  setAside(digest: Digest, options?: AbortOptions): Promise<boolean>
}

/** Everything that a store of content does. */
export interface ContentStore extends Fetcher, Checker, Ingester, Deleter, Lister {}
