#!/usr/bin/env bash
# Writes tars of odd file trees with every writer that there is: write-tars.sh DIRECTORY.
# A writer may refuse what its format cannot hold; what it wrote until then is a tar too.
set -uo pipefail
export LC_ALL=C.UTF-8
mkdir -p "$1/trees" "$1/tars" && cd "$1/trees" || exit 1
out=$PWD/../tars

long=$(printf 'directory-%.0s' {1..9})
latin1=$(printf 'caf\xe9')
mkdir -p plain/bin plain/etc/empty empty "long/$long/$long/$long" unicode "bytes/$latin1" links/a special sparse times many
printf 'root:x:0:0\n' >plain/etc/passwd
head -c 700 /dev/zero | tr '\0' q >plain/bin/sh && chmod 4755 plain/bin/sh && chmod 1777 plain/etc/empty
printf one >"long/$long/file"
printf two >"long/$long/$long/$long/$(printf 'x%.0s' {1..200})"
printf three >"long/$(printf 'n%.0s' {1..99})"
printf four >"long/$(printf 'n%.0s' {1..100})"
printf five >"long/$(printf 'n%.0s' {1..101})"
printf six >$'unicode/\u00fcml\u00e4ut \u6f22\u5b57 \U1f40b'
printf seven >$'unicode/new\nline\ttab'
printf eight >"bytes/$latin1/$(printf '\xff\xfe')"
printf nine >links/a/file && ln links/a/file links/hard && ln -s a/file links/soft && ln -s "$long/$long/$long" links/far
ln -s "$latin1" links/bytes
mkfifo special/fifo
mknod special/char c 5 1 2>/dev/null
mknod special/block b 7 200 2>/dev/null
chown 3000000:4000000 special/fifo 2>/dev/null
truncate -s 64K sparse/hole
for at in 0 20480 45056; do printf data | dd of=sparse/holes bs=1 seek=$at conv=notrunc status=none; done
truncate -s 81920 sparse/holes
for at in {0..40}; do printf data | dd of=sparse/many bs=1 seek=$((at * 8192)) conv=notrunc status=none; done
printf a >times/fraction && touch -d '2020-02-02 02:02:02.123456789Z' times/fraction
printf b >times/before && touch -d '1969-12-31 23:59:58.25Z' times/before
printf c >times/far && touch -d '2300-01-01 00:00:00.5Z' times/far
for at in {1..40}; do printf '%d' "$at" >"many/$at"; done

list() { find "$1" -depth; }
for tree in *; do
  for format in v7 oldgnu gnu ustar pax; do
    tar -cf "$out/gnutar-$format-$tree.tar" --format="$format" "$tree"
    tar -cf "$out/gnutar-$format-sparse-$tree.tar" -S -b1 --format="$format" "$tree"
  done
  for format in gnutar pax restricted ustar v7; do bsdtar -cf "$out/bsdtar-$format-$tree.tar" --format "$format" "$tree"; done
  busybox tar -cf "$out/busybox-$tree.tar" "$tree"
  for format in ustar tar; do
    pax -w -x "$format" -f "$out/pax-$format-$tree.tar" "$tree"
    list "$tree" | cpio -o -H "$format" >"$out/cpio-$format-$tree.tar"
  done
done
for version in 0.0 0.1 1.0; do tar -cf "$out/gnutar-sparse-$version.tar" -S --format=pax --sparse-version=$version sparse; done
tar -cf "$out/gnutar-label.tar" -V 'a volume' --format=gnu plain
tar -cf "$out/gnutar-incremental.tar" -g "$PWD/snapshot" --format=gnu plain many
tar -cf "$out/gnutar-xattrs.tar" --xattrs --format=pax --pax-option='globexthdr.name=g,comment=hello' plain
tar -cf "$out/gnutar-owner.tar" --owner=someone:9999999 --group=others:8888888 --format=gnu plain
tar -cf "$out/gnutar-appended.tar" plain && tar -rf "$out/gnutar-appended.tar" many && tar -rf "$out/gnutar-appended.tar" plain
tar -cf "$out/gnutar-joined.tar" plain && tar -cf - many >>"$out/gnutar-joined.tar"

git init -q repository && cd repository || exit 1
git config user.email a@b.invalid && git config user.name a
cp -r ../plain ../long ../unicode ../links . && git add -A && GIT_COMMITTER_DATE=@1500000000 git commit -q -m one
git archive --format=tar -o "$out/git-commit.tar" HEAD
git archive --format=tar --prefix=some/where/ -o "$out/git-prefix.tar" HEAD
git archive --format=tar -o "$out/git-tree.tar" 'HEAD^{tree}' long links
cd ..

python3 - "$out" <<'PYTHON'
import os, sys, tarfile
for name, format in [("ustar", tarfile.USTAR_FORMAT), ("gnu", tarfile.GNU_FORMAT), ("pax", tarfile.PAX_FORMAT)]:
    for tree in sorted(os.listdir(".")):
        if tree == "repository":
            continue
        with tarfile.open(f"{sys.argv[1]}/python-{name}-{tree}.tar", "w", format=format, errors="surrogateescape") as archive:
            try:
                archive.add(tree)
            except ValueError:
                pass  # What this format cannot hold.
with tarfile.open(f"{sys.argv[1]}/python-pax-headers.tar", "w", format=tarfile.PAX_FORMAT, pax_headers={"comment": "all"}) as archive:
    member = tarfile.TarInfo("with-records")
    member.pax_headers = {"SCHILY.xattr.user.a": "b", "mtime": "1.000000001", "uid": "5000000"}
    archive.addfile(member)
PYTHON
exit 0
