#!/bin/sh
# Adds the developer to the group that owns the Docker socket, whose ID is the host's, installs what parts of the
# project need, and waits.
set -eu

socket=/var/run/docker.sock
if [ -S "$socket" ]; then
  number=$(stat --format=%g "$socket")
  getent group "$number" >/dev/null || groupadd --gid "$number" docker-host
  usermod --append --groups "$(getent group "$number" | cut --delimiter=: --fields=1)" developer
fi
# Packages that a part lists, such as a browser for tests; the editor need not wait for them.
for list in /workspaces/*/src/*/debian-packages.txt; do
  if [ -f "$list" ] && [ ! -e /var/log/packages.log ]; then
    (apt-get update && xargs apt-get install --yes --no-install-recommends <"$list") >/var/log/packages.log 2>&1 &
  fi
done
exec sleep infinity
