#!/bin/sh
# Takes the variables and arguments of the public image `postgres`: POSTGRES_USER,
# POSTGRES_PASSWORD, POSTGRES_DB, POSTGRES_HOST_AUTH_METHOD, and the SQL files of /docker-entrypoint-initdb.d.
set -eu
case "${1:-postgres}" in
  -*) set -- postgres "$@" ;;
esac
if [ "$1" = postgres ] && [ ! -s "$PGDATA/PG_VERSION" ]; then
  user=${POSTGRES_USER:-postgres}
  database=${POSTGRES_DB:-$user}
  if [ -z "${POSTGRES_PASSWORD:-}" ]; then
    echo "POSTGRES_PASSWORD is not set: a server without a password would let everybody in" >&2
    exit 1
  fi
  umask 077
  mkdir -p "$PGDATA"
  printf '%s\n' "$POSTGRES_PASSWORD" >/tmp/password
  initdb --username="$user" --pwfile=/tmp/password --encoding=UTF8 --no-locale \
    --auth-local=trust --auth-host=scram-sha-256
  rm /tmp/password
  echo "host all all all ${POSTGRES_HOST_AUTH_METHOD:-scram-sha-256}" >>"$PGDATA/pg_hba.conf"
  printf "listen_addresses = '*'\njit = off\n" >>"$PGDATA/postgresql.conf"
  # Nobody else reaches it before it is what it is to be.
  pg_ctl --wait --options="-c listen_addresses=''" start
  if [ "$database" != postgres ]; then
    createdb --username="$user" --maintenance-db=postgres "$database"
  fi
  for file in /docker-entrypoint-initdb.d/*.sql; do
    [ ! -f "$file" ] || psql --username="$user" --dbname="$database" --set=ON_ERROR_STOP=1 --quiet --file="$file"
  done
  pg_ctl --wait --mode=fast stop
fi
exec "$@"
