#!/bin/sh
# Called by mmdebstrap with the root. Debian's PostgreSQL is unpacked without what it
# depends on beyond its libraries: that is Perl and LLVM, for several versions side by
# side and for compiled queries, of which a server of a trial has neither.
set -eu
cd "$1"
APT_CONFIG=$MMDEBSTRAP_APT_CONFIG apt-get download --quiet postgresql-15 postgresql-client-15
for package in postgresql-15_*.deb postgresql-client-15_*.deb; do
  dpkg-deb --extract "$package" .
  rm "$package"
done
rm -rf usr/lib/postgresql/15/lib/bitcode usr/lib/postgresql/15/lib/llvmjit*
# The user of the public image.
echo 'root:x:0:0:root:/root:/bin/sh' >etc/passwd
echo 'postgres:x:999:999:PostgreSQL:/var/lib/postgresql:/bin/sh' >>etc/passwd
printf 'root:x:0:\npostgres:x:999:\n' >etc/group
# Not below /run, which mmdebstrap empties.
mkdir -p var/lib/postgresql/data var/run/postgresql tmp docker-entrypoint-initdb.d
chmod 1777 tmp
chown -R 999:999 var/lib/postgresql var/run/postgresql
chmod 0700 var/lib/postgresql/data
