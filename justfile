# Everything Seatrial does, by name. `./just` finds or installs `just`; `just --list` shows this file.
# Each recipe prepares only what it needs: `check` builds no image and starts no engine.

set shell := ["bash", "-euo", "pipefail", "-c"]

# Where `setup` keeps what it built; its `bin` holds the pinned tools that PATH lacks.
cache := env("SEATRIAL_CACHE", env("XDG_CACHE_HOME", home_directory() / ".cache") / "seatrial")
export PATH := env("PATH") + ":" + cache / "bin"

# Seatrial itself, built when its sources changed.
seatrial := "cargo run --quiet --package seatrial --"

# Show the recipes.
default:
    @just --list

# Prove every chart on a real cluster (makes the host ready first).
verify *ARGS: (setup "live")
    {{ seatrial }} verify {{ ARGS }}

# Make this host ready for a tier: static, test, docker, live, suite, dev or ci. Safe to repeat; the second time takes seconds.
setup TIER="live":
    @{{ seatrial }} setup --tier {{ TIER }}

# What is here, which versions, what is missing and the command that mends it.
doctor:
    @{{ seatrial }} doctor

# The static tier of every chart: no cluster, no Docker.
check *ARGS: (setup "static")
    {{ seatrial }} check {{ ARGS }}

# Unit tests of every crate; the suite that needs a cluster is `e2e`.
test *ARGS: (setup "test")
    cargo nextest run --workspace --exclude e2e {{ ARGS }}

# The suite on a real cluster: one test for each clause, and the suites written by hand.
e2e *ARGS: (setup "suite")
    cargo nextest run --package e2e {{ ARGS }}

# Build the images that the charts and the clusters need.
images: (setup "live")

# Make what a contract's `cluster:` describes, with the chart in it, and leave it; `--prefer-docker` without Kubernetes.
up *ARGS: (setup if ARGS =~ "(^| )--prefer-docker( |$)" { "docker" } else { "live" })
    {{ seatrial }} up {{ ARGS }}

# Strato in a cluster of its own, and Skaffold looking at its sources: an edit runs half a minute later. Ends with Ctrl-C;
# the cluster stays until `down`.
dev *ARGS: (setup "dev")
    {{ seatrial }} up charts/strato
    tools/skaffold.sh dev --cleanup=false --port-forward {{ ARGS }}

# Any command of Skaffold (`run`, `verify`, `render`…), on the cluster of `dev`.
skaffold *ARGS: (setup "dev")
    tools/skaffold.sh {{ ARGS }}

# Remove what `up` made; `--clean-logs` and `--clean-pvc` also its logs and its data.
down *ARGS:
    {{ seatrial }} down {{ ARGS }}

# How it stands with every service that `up` made; `--json` for machines.
health *ARGS:
    @{{ seatrial }} health {{ ARGS }}

# The clusters of Seatrial that stand, and who holds them.
list *ARGS:
    @{{ seatrial }} list {{ ARGS }}

alias deploy := up
alias teardown := down

# Every moment at which a run can be killed; `e2e` tries four of them.
chaos *ARGS: (setup "suite")
    cargo nextest run --package e2e --run-ignored only -E 'test(killed)' {{ ARGS }}

# The registry's whole trial while the engine's networks have no way out of the host (packet filter, undone after).
cut-off *ARGS: (setup "suite")
    cargo nextest run --package e2e --run-ignored only -E 'test(without_a_way_out)' {{ ARGS }}

# Seatrial beside kind, `helm --wait`, `kind load` and Helm alone: medians of pairs, and target/seatrial/bench.json.
bench *ARGS: (setup "live")
    cargo build --quiet --release --package seatrial
    cargo run --quiet --package e2e --bin bench -- {{ ARGS }}

# Violate each invariant on purpose: just its guard may fail. `--cluster` tries those that need a cluster, too.
guards *ARGS: (setup "test")
    cargo run --quiet --package e2e --bin guards -- {{ ARGS }}

# Charts broken in a hundred named ways: the table of what was found, and the list of what survives; the files alone.
mutants:
    cargo nextest run --package seatrial-contracts --test mutants --success-output final

# Each small change of docs/rows.yaml on a cluster: just its clause may fail. Writes docs/mutations.lock.
mutations *ARGS: (setup "live") (setup "test")
    SEATRIAL_BLESS=1 cargo nextest run --package e2e --test mutations --run-ignored all {{ ARGS }}

# The suites of bootstrap and health with every line counted: more than 80 % of that code must have run.
coverage: (setup "live") (setup "test") (setup "coverage")
    #!/usr/bin/env bash
    set -euo pipefail
    # Debian's LLVM, where rustup has no llvm-tools.
    if type -P llvm-cov-22 >/dev/null; then export LLVM_COV=llvm-cov-22 LLVM_PROFDATA=llvm-profdata-22; fi
    cargo llvm-cov clean --workspace --profraw-only
    cargo llvm-cov --no-report nextest --package seatrial --package seatrial-harness
    cargo llvm-cov --no-report nextest --package e2e --test pallet_dev --test health
    cargo llvm-cov report --json --summary-only --output-path target/seatrial/coverage.json
    cargo run --quiet --package e2e --bin coverage -- target/seatrial/coverage.json target/nextest/coverage/junit.xml

# Input that nobody writes for whatever reads contracts, manifests and observations: SECONDS each, all at once. A panic
# is written to fuzz/artifacts.
fuzz SECONDS="600": (setup "fuzz")
    #!/usr/bin/env bash
    set -euo pipefail
    targets=(contracts manifests evaluation)
    cargo fuzz build -s none
    pids=()
    for target in "${targets[@]}"; do
        mkdir -p "fuzz/corpus/$target" target/seatrial
        cargo fuzz run -s none "$target" "fuzz/corpus/$target" "fuzz/seeds/$target" -- \
            -max_total_time={{ SECONDS }} -max_len=16384 -timeout=10 -rss_limit_mb=1024 -print_final_stats=1 \
            &> "target/seatrial/fuzz-$target.log" &
        pids+=($!)
    done
    failed=0
    for i in "${!targets[@]}"; do
        log=target/seatrial/fuzz-${targets[$i]}.log
        if wait "${pids[$i]}"; then
            echo "${targets[$i]}: $(awk '/stat::number_of_executed_units/ { print $2 }' "$log") inputs, no panic"
        else
            tail -n 40 "$log" >&2; echo "${targets[$i]}: FAILED, see $log" >&2; failed=1
        fi
    done
    exit $failed

# Strato with each fault of its programs, judged by its whole contract: just one clause may fail. Hours.
strato-breaks *ARGS: (setup "suite")
    cargo nextest run --package e2e --test strato_breaks --run-ignored only {{ ARGS }}

# Strato with Skaffold on a cluster: diagnose, render, build, run, verify, an edit that runs; and the quickstart. Minutes.
strato-loop *ARGS: (setup "suite") (setup "dev")
    cargo nextest run --package e2e --test skaffold --test quickstart --run-ignored only {{ ARGS }}

# A chart judged so many times on one warm cluster: one JSON line a run; the first verdict that differs ends it.
soak N="50" *ARGS="charts/strato -e dev": (setup "live")
    cargo build --quiet --package e2e --bin seatrial-e2e
    cargo run --quiet --package e2e --bin soak -- {{ N }} {{ ARGS }}

# Requirement rows against clauses and tests, by the records of the last runs.
trace *ARGS: (setup "static")
    @{{ seatrial }} trace {{ ARGS }}

# Rewrite what is generated and checked in.
generate: (setup "static")
    {{ seatrial }} plan --lock
    SEATRIAL_BLESS=1 cargo test --quiet --package e2e --test tidy

# What every change must pass. The last lines say where the time went; the first failing step ends it.
ci:
    #!/usr/bin/env bash
    set -euo pipefail
    spent=()
    started=$SECONDS
    trap 'printf "\nwhere the time went\n"; printf "%6s s  %s\n" "${spent[@]}"; printf "%6s s  all\n" $((SECONDS - started))' EXIT
    step() {
        local name=$1 from=$SECONDS
        shift
        printf '\n== %s\n' "$name"
        "$@" || { spent+=($((SECONDS - from)) "$name (failed)"); printf '\n%s failed: %s\n' "$name" "$*" >&2; exit 1; }
        spent+=($((SECONDS - from)) "$name")
    }
    step build cargo build --workspace --all-targets --locked
    step setup {{ seatrial }} setup --tier ci
    step fmt cargo fmt --all --check
    step clippy cargo clippy --workspace --all-targets --locked --quiet -- -D warnings
    step deny cargo deny --offline --log-level error check bans licenses sources
    step actionlint actionlint
    step shellcheck shellcheck just .ci/run charts/*/hack/*.sh images/*/*.sh images/node/files/kind/bin/*.sh tools/*.sh
    step go-test bash -c "go -C tools/oci-wrapper test ./... && go -C images/node/volumes test ./..."
    step unit cargo nextest run --workspace --exclude e2e --profile unit
    step doctests cargo test --workspace --doc --quiet
    step static {{ seatrial }} check
    step e2e cargo nextest run --workspace --profile ci -E 'package(e2e)'
