#!/bin/sh
# Called by nextest before the first test of each run: it keeps the records of the runs before, which nextest writes over,
# for `seatrial trace`. A copy is called after its profile and the second in which the run ended, and is as old as that.
# It spoils no run: a record that can't be kept is told as missing by `trace`.
cd "$(dirname "$0")/.." || exit 0
kept=target/seatrial/tests
mkdir -p "$kept" || exit 0
for record in target/nextest/*/junit.xml; do
  [ -f "$record" ] || continue
  profile=$(basename "$(dirname "$record")")
  cp -p "$record" "$kept/$profile-$(stat -c %Y "$record").xml"
done
# Older ones are older than any source that is worked on.
find "$kept" -name '*.xml' -mtime +14 -delete
exit 0
