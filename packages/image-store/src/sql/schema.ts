/** The annotation of `withSignedBytes`, as descriptors have it. */
const SIGNED_BYTES = 'com.drayage.schema1.signed-bytes'

/** The digest of the signed bytes that the descriptors of a table tell of. */
function signedDigest(table: 'names' | 'targets'): string {
  const value = `json_extract(${table}.descriptor, '$.annotations."${SIGNED_BYTES}"')`
  return `substr(${value}, 1, instr(${value} || ' ', ' ') - 1)`
}

/**
 * The steps from an empty database to the present layout; the database's `user_version` is how many of them it has. A
 * released step never changes.
 */
export const MIGRATIONS: readonly string[] = [
  `
  create table images (
    id text primary key,
    manifest text not null,
    config text not null,
    platform text not null,
    created text,
    size integer not null,
    layers text not null,
    added_at integer not null
  ) strict, without rowid;

  create table manifests (
    digest text primary key,
    image text not null references images (id) on delete cascade,
    descriptor text not null
  ) strict, without rowid;
  create index manifests_by_image on manifests (image);

  create table names (
    reference text primary key,
    domain text not null,
    path text not null,
    tag text,
    digest text,
    target text not null,
    target_digest text not null,
    image text references images (id),
    named_at integer not null
  ) strict, without rowid;
  create index names_by_image on names (image);
  create index names_by_target on names (target_digest);

  create table sources (
    seq integer primary key autoincrement,
    digest text not null,
    repository text not null,
    unique (digest, repository)
  ) strict;

  create table leases (
    holder text not null,
    digest text not null,
    until integer not null,
    primary key (holder, digest)
  ) strict, without rowid;
  create index leases_by_digest on leases (digest);

  create table condemned (
    digest text primary key,
    until integer not null
  ) strict, without rowid;
  `,
  `
  create table holdings (
    repository text not null,
    kind text not null,
    digest text not null,
    descriptor text not null,
    held_at integer not null,
    primary key (repository, kind, digest)
  ) strict, without rowid;
  create index holdings_by_digest on holdings (digest);

  create table parts (
    whole text not null,
    part text not null,
    primary key (whole, part)
  ) strict, without rowid;

  create table referrers (
    repository text not null,
    subject text not null,
    digest text not null,
    descriptor text not null,
    primary key (repository, subject, digest)
  ) strict, without rowid;
  create index referrers_by_subject on referrers (subject, digest);

  create table uploads (
    id text primary key,
    repository text not null,
    started_at integer not null
  ) strict, without rowid;
  `,
  `
  alter table sources add column auth text;
  `,
  // What the tables before held goes through `takeOverFirstModel`, which reads manifests.
  `
  alter table images rename to first_images;
  alter table manifests rename to first_manifests;
  alter table names rename to first_names;
  drop index manifests_by_image;
  drop index names_by_image;
  drop index names_by_target;

  create table targets (
    digest text primary key,
    descriptor text not null,
    added_at integer not null
  ) strict, without rowid;

  create table contents (
    digest text primary key,
    descriptor text not null,
    image text,
    config text,
    platform text,
    created text,
    size integer,
    parts text not null
  ) strict, without rowid;
  create index contents_by_image on contents (image);

  create table members (
    seq integer primary key autoincrement,
    target text not null references targets (digest) on delete cascade,
    manifest text not null references contents (digest),
    unique (target, manifest)
  ) strict;
  create index members_by_manifest on members (manifest);

  create table names (
    reference text primary key,
    domain text not null,
    path text not null,
    tag text,
    digest text,
    descriptor text not null,
    target text not null references targets (digest),
    is_pinned integer not null,
    named_at integer not null
  ) strict, without rowid;
  create index names_by_target on names (target);
  create index names_by_repository on names (domain, path);
  `,
  // What needs what, who keeps what, and what lists show: found by one digest, however many images there are.
  `
  create table needs (
    digest text not null,
    by text not null,
    primary key (digest, by)
  ) strict, without rowid;
  insert or ignore into needs (digest, by)
    select json_extract(part.value, '$.digest'), contents.digest from contents, json_each(contents.parts) as part;
  insert or ignore into needs (digest, by)
    select json_extract(config, '$.digest'), digest from contents where config is not null;

  alter table contents add column facts text;

  alter table targets add column signed text;
  alter table names add column signed text;
  update targets set signed = ${signedDigest('targets')} where descriptor like '%${SIGNED_BYTES}%';
  update names set signed = ${signedDigest('names')} where descriptor like '%${SIGNED_BYTES}%';
  create index targets_by_signed on targets (signed) where signed is not null;
  create index names_by_signed on names (signed) where signed is not null;

  drop index names_by_target;
  drop index names_by_repository;
  create index names_by_target on names (target, domain, path);
  create index names_by_repository on names (domain, path, tag);

  create index holdings_by_time on holdings (held_at);
  create index parts_by_part on parts (part);
  create index referrers_by_digest on referrers (digest);

  create table holders (
    id text primary key,
    life text,
    ended_at integer
  ) strict, without rowid;
  create index holders_by_life on holders (life) where life is not null;
  create index holders_by_end on holders (ended_at) where ended_at is not null;
  insert into holders (id, ended_at) select holder, max(until) - 86400000 from leases group by holder;

  alter table leases rename to timed_leases;
  drop index leases_by_digest;
  create table leases (
    holder text not null references holders (id) on delete cascade,
    digest text not null,
    primary key (holder, digest)
  ) strict, without rowid;
  create index leases_by_digest on leases (digest);
  insert into leases (holder, digest) select holder, digest from timed_leases;
  drop table timed_leases;
  drop table condemned;
  `,
  // How far the journal is applied; `due` is what is still to be brought back after a rebuild.
  `
  create table journal (
    id text not null,
    generation integer not null,
    position integer not null,
    check_at integer not null,
    due text not null
  ) strict;
  `,
  // When an image was used last, which the journal does not tell.
  `
  alter table targets add column used_at integer;
  `,
]

/** The layout version that this release writes. */
export const SCHEMA_VERSION: number = MIGRATIONS.length

/** The first layout whose databases confirm their version. */
const FIRST_CONFIRMED = 6

/**
 * What the `application_id` of a database of this layout is, so that a damaged `user_version` is told from one of another
 * release. Every release keeps this rule.
 */
export function applicationId(version: number): number {
  return version < FIRST_CONFIRMED ? 0 : 0x64726100 + (((version * 37) ^ 0x5a) & 0xff)
}
