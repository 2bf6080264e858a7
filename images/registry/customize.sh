#!/bin/sh
# Called by mmdebstrap with the root. Debian's registry is unpacked without what it
# depends on: that is Perl, for installation scripts that nobody runs here.
set -eu
cd "$1"
APT_CONFIG=$MMDEBSTRAP_APT_CONFIG apt-get download --quiet docker-registry
dpkg-deb --extract docker-registry_*.deb .
rm docker-registry_*.deb
ln -s /usr/bin/docker-registry bin/registry
mkdir -p var/lib/registry
chmod 1777 var/lib/registry
