#!/usr/bin/env bash
# Kills a run on simulated nodes with SIGKILL at a random moment, again and again
# (TIMES, 20 by default), and looks each time for what it left: within ten
# seconds no process of it may be alive and no port of theirs open. At last a
# run must work as if nothing had happened.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

times="${TIMES:-20}"
name=dsconform-kill
bin="${BIN:-./bin/dsconform}"
export DSCONFORM_KILL_MARK="$$-$EPOCHREALTIME"
out="$(mktemp -d)"
trap 'rm -rf -- "$out"' EXIT

# ours prints the pids of what a run started: by the mark, which the run's own
# processes inherit, or by the cluster's folder, which stands in the flags of
# the control plane's.
ours() {
  local dir pid
  for dir in /proc/[0-9]*; do
    pid="${dir#/proc/}"
    [[ "$pid" == "$$" || "$pid" == "$BASHPID" || "$pid" == "$PPID" ]] && continue
    [[ "$(cut -d' ' -f4 "$dir/stat" 2>/dev/null)" == "$$" && "$pid" != "${run:-}" ]] && continue
    if grep -qzFx "DSCONFORM_KILL_MARK=$DSCONFORM_KILL_MARK" "$dir/environ" 2>/dev/null \
      || grep -qaF "/sim/$name/" "$dir/cmdline" 2>/dev/null; then
      echo "$pid"
    fi
  done
}

# listening prints where TCP sockets listen, with the socket's inode.
listening() { awk '$4 == "0A" { print $10, $2 }' /proc/net/tcp /proc/net/tcp6; }

# ports prints where the given processes listen. Others on this machine may open
# ports of their own meanwhile.
ports() {
  local pid
  for pid in "$@"; do
    find "/proc/$pid/fd" -lname 'socket:*' -printf '%l\n' 2>/dev/null || true
  done | tr -cd '0-9\n' | sort -u | join - <(listening | sort) | cut -d' ' -f2 | sort -u
}

bad=0
for ((i = 1; i <= times; i++)); do
  "$bin" run --cluster=sim --name "$name" --smoke --out "$out/run" </dev/null >"$out/log" 2>&1 &
  run=$!
  # From the first instant to well into the specs.
  after="$((RANDOM % 22)).$((RANDOM % 10))"
  sleep "$after"
  mapfile -t alive < <(ours)
  held="$(ports "${alive[@]}")"
  kill -KILL "$run"
  wait "$run" 2>/dev/null || true
  run=
  for ((t = 0; t < 100; t++)); do
    left="$(ours)"
    [[ -z "$left" ]] && break
    sleep 0.1
  done
  open="$(comm -12 <(echo "$held") <(listening | cut -d' ' -f2 | sort -u))"
  at="$(grep -E '^(--|ok|!!|   )' "$out/log" | tail -n 1 | cut -c 1-60 || true)"
  printf 'kill %2d after %5s s with %2d processes and %d ports (%s): gone after %s.%s s' "$i" "$after" "${#alive[@]}" "$(wc -w <<<"$held")" "$at" "$((t / 10))" "$((t % 10))"
  if [[ -n "$left" || -n "$open" ]]; then
    bad=1
    printf ', LEFT:'
    for pid in $left; do printf ' %s %s' "$pid" "$(tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | cut -c 1-80)"; done
    printf ' ports %s' "${open//$'\n'/ }"
  fi
  echo
done
"$bin" run --cluster=sim --name "$name" --focus=DS-PLC-001 --out "$out/run" </dev/null >"$out/log" 2>&1 || {
  echo "the run after them failed:" >&2
  tail -n 20 "$out/log" >&2
  bad=1
}
((bad == 0)) && echo "$times kills: nothing left, and the next run worked"
exit "$bad"
