#!/bin/sh
# Adds the developer to the group that owns the Docker socket, whose ID is the host's, installs a browser where tests need
# one, and waits.
set -eu

socket=/var/run/docker.sock
if [ -S "$socket" ]; then
  number=$(stat --format=%g "$socket")
  getent group "$number" >/dev/null || groupadd --gid "$number" docker-host
  usermod --append --groups "$(getent group "$number" | cut --delimiter=: --fields=1)" developer
fi
# The browser of the frontend's tests, if the project has a frontend; the editor need not wait for it.
for frontend in /workspaces/*/src/frontend; do
  if [ -d "$frontend" ] && ! command -v chromium >/dev/null; then
    (apt-get update && apt-get install --yes --no-install-recommends chromium) >/var/log/chromium.log 2>&1 &
  fi
done
exec sleep infinity
