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
# Packages that parts list, such as a browser for tests; the editor need not wait for them.
packages=$(cat /workspaces/*/src/*/debian-packages.txt 2>/dev/null || true)
if [ -n "$packages" ] && [ ! -e /var/log/packages.log ]; then
  (apt-get update && echo "$packages" | xargs apt-get install --yes --no-install-recommends) >/var/log/packages.log 2>&1 &
fi
exec sleep infinity
