#!/bin/sh
# Takes the same arguments as the public image `registry:2`: a configuration
# file, a subcommand, or any other command.
set -e
case "$1" in
  *.yaml | *.yml) set -- registry serve "$@" ;;
  serve | garbage-collect | help | -*) set -- registry "$@" ;;
esac
exec "$@"
