#!/bin/bash
# Runs the blocks of deploy/README.md in their order, on a machine of their own as far as one machine can give it: private copies
# of /etc, /opt, /usr/local and /var/lib, a network with nothing but a loopback, and a systemctl that starts units by what is
# written in them. Run under: unshare --mount --pid --fork --mount-proc --kill-child
set -euo pipefail
work=$1
export MACHINE=$work

private() {
  mkdir -p "$work/overlay$1/upper" "$work/overlay$1/work" "$1"
  mount -t overlay overlay -o "lowerdir=$1,upperdir=$work/overlay$1/upper,workdir=$work/overlay$1/work" "$1"
}
for folder in /etc /opt /usr/local /var/lib; do private "$folder"; done

touch "$work/net"
unshare --net="$work/net" busybox ip link set lo up
mkdir -p "$work/bin" "$work/units"
cp "$(dirname "$0")/systemctl.sh" "$work/bin/systemctl"
chmod 0755 "$work/bin/systemctl"
export PATH=$work/bin:$PATH

failed() {
  echo "== failed: $1"
  tail -n 20 "$work"/units/*.log || true
  exit 1
}

for block in "$work"/blocks/*; do
  echo "== $(basename "$block")"
  # Packages come from outside; everything else has only this machine.
  network=(nsenter --net="$work/net")
  if grep -q "npm run setup" "$block"; then network=(); fi
  if ! "${network[@]}" bash -euxo pipefail "$block"; then failed "$(basename "$block")"; fi
done
# In the order of a shutdown, which is that of After= in the units reversed.
for unit in shoal-compute shoal-requester nats-server; do systemctl stop "$unit" || failed "stop of $unit"; done
echo "== done"
