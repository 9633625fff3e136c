#!/bin/bash
# What systemd does with a unit, as far as the blocks of deploy/README.md need it: user and groups, capabilities, environment,
# state directory, start, stop, reload. It restarts nothing: a service that ends makes the block that needs it fail.
set -euo pipefail
verb=$1
shift
if [ "${1:-}" = --now ]; then shift; fi
unit=${1:-}
file=/etc/systemd/system/$unit.service
pidfile=$MACHINE/units/$unit.pid

value() { sed -n "s/^$1=//p" "$file" | tail -n 1; }

capabilities() {
  local set=$1
  for name in $2; do
    name=${name#CAP_}
    set+=,+${name,,}
  done
  echo "$set"
}

start() {
  local user state
  user=$(value User)
  state=/var/lib/$(value StateDirectory)
  install -d -m "$(value StateDirectoryMode)" "$state"
  chown -R "$user" "$state"
  local groups more
  groups=$(id -g "$user")
  more=$(value SupplementaryGroups)
  if [ -n "$more" ]; then groups+=,$(getent group "$more" | cut -d: -f3); fi
  local environment
  mapfile -t environment < <(grep -v '^#' "$(value EnvironmentFile)")
  cd "$(value WorkingDirectory)"
  local ambient
  ambient=$(value AmbientCapabilities)
  # ExecStart is split at blanks, as systemd does.
  # shellcheck disable=SC2046
  setsid nsenter --net="$MACHINE/net" setpriv --reuid "$user" --regid "$user" --groups "$groups" --no-new-privs \
    --bounding-set "$(capabilities -all "$(value CapabilityBoundingSet)")" \
    --inh-caps "$(capabilities -all "$ambient")" --ambient-caps "$(capabilities -all "$ambient")" \
    env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin "${environment[@]}" \
    $(value ExecStart) >>"$MACHINE/units/$unit.log" 2>&1 &
  echo $! >"$pidfile"
}

stop() {
  local pid
  pid=$(cat "$pidfile")
  kill -TERM "$pid"
  # --pid waits for a process that is no child of this shell.
  timeout "$(value TimeoutStopSec)" tail --pid="$pid" -f /dev/null
}

case $verb in
  daemon-reload) ;;
  enable | start) start ;;
  stop) stop ;;
  restart) stop && start ;;
  reload) kill -HUP "$(cat "$pidfile")" ;;
  *) echo "systemctl: expected daemon-reload, enable, start, stop, restart or reload, got $verb" >&2 && exit 2 ;;
esac
