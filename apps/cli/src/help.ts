/** What `dray --help` says after the list of verbs. */
export const PROGRAM_HELP = `
Look without pulling:
  dray tags ghcr.io/org/app
  dray digest alpine:3
  dray manifest --raw alpine:3 | jq .
  dray referrers ghcr.io/org/app:1             signatures, SBOMs and the like

Pull, look, save:
  dray pull alpine:3
  dray pull --platform linux/arm64 alpine:3
  dray images
  dray inspect alpine:3 --format '{{json .RootFS.Layers}}'
  dray save -o alpine.tar alpine:3             docker load and podman load take it
  dray save --as oci -o alpine-oci alpine:3    an OCI layout, digests unchanged
  dray load -i alpine.tar                      archives of docker, podman, skopeo and crane

Push, with the digests that were pulled:
  dray tag alpine:3 registry.example/team/alpine:3
  dray push registry.example/team/alpine:3

Without the store:
  dray copy docker://alpine:3 docker://registry.example/team/alpine:3
  dray copy docker://alpine:3 oci:alpine-oci:3
  dray sync mirror.yaml                        what a file says, copying only what changed

A reference without a host means docker.io, one without a tag means latest. The store is shared by all dray
processes; a pull that was interrupted goes on where it stopped when it is run again.
'dray <command> --help' has examples of a command.

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 not found, 4 unauthorised or denied, 5 verification failed,
6 store busy or broken, 130/143 interrupted, 141 nobody reads the output.`

/** What the help of a verb says after its options. */
export const EXAMPLES: ReadonlyMap<string, string> = new Map([
  [
    'pull',
    `  dray pull alpine                                docker.io/library/alpine:latest
  dray pull ghcr.io/org/app@sha256:0123...        exactly these bytes
  dray pull --platform linux/arm/v7 alpine:3
  dray pull -a registry.example/team/app          every tag
  dray pull --progress json alpine:3              one JSON object a line, as Docker Engine sends them

Every layer is verified before the image appears. Run it again after a failure: it goes on where it stopped.
Logins are those of docker and podman.`,
  ],
  [
    'push',
    `  dray push registry.example/team/app:1.2
  dray push -a registry.example/team/app          every tag of the repository
  dray push --platform linux/arm64 registry.example/team/app:1.2
  dray push --format v2s2 --compression gzip registry.example/team/app:1.2
  dray push --compression zstd:9 registry.example/team/app:1.2

Manifests and layers go as they came, so that no digest changes unless --format or --compression ask for it; what the registry has is not sent, and what another
of its repositories has is mounted. Run it again after a failure: it goes on in the session that was open.`,
  ],
  [
    'images',
    `  dray images 'alpine:3*'
  dray images -q --filter dangling=true
  dray images --format 'table {{.Repository}}\\t{{.Tag}}\\t{{.Size}}'
  dray images --format json | jq -r .ID

Fields: .Repository .Tag .Digest .ID .CreatedSince .CreatedAt .Size`,
  ],
  [
    'inspect',
    `  dray inspect alpine:3
  dray inspect -f '{{.Id}} {{.Os}}/{{.Architecture}}' alpine:3
  dray inspect -f '{{json .Config.Env}}' alpine:3`,
  ],
  [
    'history',
    `  dray history alpine:3
  dray history --no-trunc --format '{{.CreatedBy}}' alpine:3

Fields: .ID .CreatedSince .CreatedAt .CreatedBy .Size .Comment`,
  ],
  [
    'tag',
    `  dray tag alpine:3 registry.example/base:3
  dray tag 4bcff63911fc base                      the start of an ID will do`,
  ],
  [
    'rmi',
    `  dray rmi alpine:3                               the name, and the image when it was the last name
  dray rmi -f 4bcff63911fc                        the image with all its names
  dray rmi $(dray images -q --filter dangling=true)`,
  ],
  [
    'serve',
    `  dray serve                                      on 127.0.0.1:5000
  dray serve --listen 127.0.0.1:0 --read-only     on a free port, for pulls alone

team/app stands for docker.io/team/app, ghcr.io/org/app for itself. What is pushed is an image of the store.`,
  ],
  [
    'prune',
    `  dray prune                                      images without a tag
  dray prune -a --filter until=240h               every image made more than ten days ago
  dray prune -a --filter 'label!=keep'`,
  ],
  [
    'df',
    `  dray df
  dray df --format '{{.Name}} {{.UniqueSize}}'

Fields: .Name .ID .Size .SharedSize .UniqueSize. Sizes are of uncompressed layers; the store keeps them as they came.`,
  ],
  [
    'save',
    `  dray save -o images.tar alpine:3 busybox        docker load -i images.tar
  dray save alpine:3 | podman load
  dray save --as oci -o layout alpine:3           an OCI layout, digests unchanged`,
  ],
  [
    'copy',
    `  dray copy docker://alpine:3 oci:layout:3
  dray copy --all ghcr.io/org/app:1 oci:layout:1  every platform
  dray copy --platform linux/amd64,linux/arm64 alpine:3 docker://registry.example/alpine:3
  dray copy --all --referrers ghcr.io/org/app:1 oci-archive:app.tar
  dray copy store:alpine:3 docker-archive:alpine.tar
  dray copy oci-archive:app.tar docker://registry.example/team/app:1
  dray copy docker://alpine:3 dir:alpine
  dray copy docker-archive:alpine.tar store:alpine:3
  dray copy docker-daemon:app:1 docker://registry.example/team/app:1
  dray copy alpine:3 busybox:1 docker://registry.example/mirror/   mirror/alpine:3, mirror/busybox:1
  dray copy store:alpine:3 store:busybox:1 docker-daemon:          under the names that they have
  dray copy --dry-run --all alpine:3 oci:layout   what would be done with each manifest and blob
  dray copy --compression zstd docker://alpine:3 docker://registry.example/alpine:3

The digest of what was copied is printed. Digests do not change, except from and to a docker-archive and a Docker
Engine, which hold layers uncompressed and no manifest. These and the store take one platform; an archive or dir: that is
there is not replaced. docker-daemon: is the engine that docker talks to; it also gives images by ID, without a name.

Several platforms are copied with an index of only them, which has another digest; --index sparse leaves the index as it
is, which some registries refuse. --preserve-digests copies nothing when a digest would change. --referrers takes along
signatures, attestations and the like, and what cosign keeps under tags, between registries, layouts and oci-archives.`,
  ],
  [
    'sync',
    `  dray sync mirror.yaml
  dray sync --dry-run mirror.yaml                 what would be copied
  dray sync --format json mirror.yaml | jq 'select(.Status == "failed")'

mirror.yaml:
  images:
    - from: docker.io/library/alpine              every platform, by names that are not looked up
      to: registry.example/mirror/alpine
      tags: [3.20.1, latest]
    - from: ghcr.io/org/app
      to: registry.example/mirror/app
      platforms: [linux/amd64]                    one image of each index; several with 'index: rewrite' or sparse
      tags:                                       all of these have to hold; 'tags: all' chooses every tag
        include: ['v?[0-9.]+']                    regular expressions of whole tags, of which one matches
        exclude: ['.*-rc.*']
        versions: '>=1.2 <2'                      also ^1.2, ~1.2, 1.x and alternatives with ||
        latest: 5                                 of these versions
        parts: 3                                  how many numbers a version has
        prereleases: false
    - from: registry.example:5000                 repositories of a registry, each below 'to'
      to: mirror.example/all
      repositories: { include: 'team/.*' }
      tags: all
    - from: ghcr.io/org/tool:1.0                  one image, with what refers to it
      to: oci:layout
      referrers: all

A line for each image: copied, equal, outdated (with --dry-run) or failed. One that fails does not stop the others; the
exit status is the highest of theirs. An image that is equal costs one HEAD at each registry. Nothing is deleted. The
file holds no secrets and no variables are replaced in it: logins are those of docker and podman. It runs once: a timer
of systemd or cron repeats it.
Fields: .From .To .Status .Digest .Error .Code`,
  ],
  ['tags', `  dray tags alpine | tail -3`],
  [
    'digest',
    `  dray digest alpine:3                            of the index, which all platforms share
  dray digest --platform linux/arm64 alpine:3     of the image for this platform`,
  ],
  [
    'manifest',
    `  dray manifest alpine:3
  dray manifest --raw alpine:3 | sha256sum        the digest
  dray manifest --platform linux/arm64 alpine:3`,
  ],
  ['config', `  dray config alpine:3 | jq .config.Env`],
  [
    'blob',
    `  dray blob ghcr.io/org/app@sha256:0123... > layer.tar.gz
  dray blob ghcr.io/org/app@sha256:0123... | tar -tz

It ends with status 5 when the bytes are not those of the digest, which is known after the last one.`,
  ],
  ['catalog', `  dray catalog registry.example:5000 | head`],
  [
    'referrers',
    `  dray referrers ghcr.io/org/app:1
  dray referrers --artifact-type application/spdx+json ghcr.io/org/app@sha256:0123...
  dray referrers --format json ghcr.io/org/app:1 | jq -r .Digest

A line each: digest and artifact type. Fields: .Digest .ArtifactType .MediaType .Size .Annotations`,
  ],
  [
    'delete',
    `  dray delete registry.example/team/app:old       the tag; its manifest and other tags stay
  dray delete registry.example/team/app@sha256:0123...
  dray delete --force registry.example/team/app:old

Some registries cannot delete a tag alone; then nothing is deleted without --force, which deletes the manifest and
with it every tag that it has.`,
  ],
  [
    'login',
    `  pass show registry | dray login -u alice --password-stdin registry.example
  dray login                                      Docker Hub, asks for name and password

The registry is asked first; a login that it does not accept is not kept. It goes to the credential helper that docker's
config.json names, else into that file, so that docker, podman and skopeo know it too.`,
  ],
  ['logout', `  dray logout registry.example`],
  ['version', `  dray version --format '{{.Store}}'`],
])
