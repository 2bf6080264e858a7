#!/bin/sh
# Called by mmdebstrap with the root. Debian's Open vSwitch and OVN are unpacked without
# what they depend on beyond their libraries: that is Python, for tools of administrators.
set -eu
cd "$1"
set -- openvswitch-common openvswitch-switch ovn-common ovn-central
APT_CONFIG=$MMDEBSTRAP_APT_CONFIG apt-get download --quiet "$@"
for package; do
  dpkg-deb --extract "$package"_*.deb .
  rm "$package"_*.deb
done
ln -s ../lib/openvswitch-switch/ovs-vswitchd usr/sbin/ovs-vswitchd
# Not below /run, which mmdebstrap empties.
mkdir -p etc/openvswitch var/lib/ovn var/run/openvswitch var/run/ovn tmp
chmod 1777 tmp var/lib/ovn var/run/ovn
