#!/bin/sh
# One of OVN's parts: `nb-db` (6641), `sb-db` (6642), or `northd`, which finds the two by
# OVN_NB_DB and OVN_SB_DB. Any other command is run as it is.
set -eu
trap 'exit 0' TERM INT
run=/var/run/ovn

# The daemons die of the signal that asks them to stop, which the first process of a
# container can't: so this one stays the first, and ends well where it was asked to.
supervise() {
  "$@" -vconsole:info -vsyslog:off -vfile:off &
  child=$!
  trap 'kill "$child"; wait "$child" || true; exit 0' TERM INT
  wait "$child"
}

database() {
  file=/var/lib/ovn/ovn$1_db.db
  schema=/usr/share/ovn/ovn-$1.ovsschema
  if [ -s "$file" ]; then
    [ "$(ovsdb-tool needs-conversion "$file" "$schema")" = no ] || ovsdb-tool convert "$file" "$schema"
  else
    ovsdb-tool create "$file" "$schema"
  fi
  supervise ovsdb-server "$file" --remote="ptcp:$2:0.0.0.0" --remote="punix:$run/ovn$1_db.sock" \
    --unixctl="$run/ovn$1_db.ctl"
}

case "${1:-}" in
  nb-db) database nb 6641 ;;
  sb-db) database sb 6642 ;;
  northd) supervise ovn-northd --ovnnb-db="$OVN_NB_DB" --ovnsb-db="$OVN_SB_DB" --unixctl="$run/ovn-northd.ctl" ;;
  *) exec "$@" ;;
esac
