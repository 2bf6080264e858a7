#!/bin/sh
# Starts the database and the switch, and gives the switch its bridge: OVS_BRIDGE
# (br-int), of the datapath OVS_DATAPATH_TYPE (netdev: in userspace, on any kernel).
# Ends with the switch; a database that is gone is for the liveness probe to see.
set -eu
trap 'exit 0' TERM INT
db=/etc/openvswitch/conf.db
socket=/var/run/openvswitch/db.sock
bridge=${OVS_BRIDGE:-br-int}

if [ -s "$db" ]; then
  [ "$(ovsdb-tool needs-conversion "$db")" = no ] || ovsdb-tool convert "$db"
else
  ovsdb-tool create "$db"
fi

ovsdb-server "$db" --remote="punix:$socket" --remote=db:Open_vSwitch,Open_vSwitch,manager_options \
  --pidfile --unixctl=/var/run/openvswitch/ovsdb-server.ctl -vconsole:warn -vsyslog:off -vfile:off &
database=$!
trap 'kill "$database"; wait "$database" || true; exit 0' TERM INT
ovs-vsctl --retry --timeout=30 --no-wait init
ovs-vsctl --no-wait --may-exist add-br "$bridge" -- \
  set bridge "$bridge" "datapath_type=${OVS_DATAPATH_TYPE:-netdev}" fail_mode=secure

ovs-vswitchd "unix:$socket" --pidfile -vconsole:info -vsyslog:off -vfile:off &
switch=$!
# The devices that it made go with it.
trap 'ovs-appctl --timeout=3 exit --cleanup >/dev/null || kill "$switch"; wait "$switch" || true
  kill "$database"; wait "$database" || true; exit 0' TERM INT
wait "$switch"
