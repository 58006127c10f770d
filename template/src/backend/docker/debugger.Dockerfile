# The debugger, which compose.debug.yaml mounts into the services from a volume: their images are those of production.
ARG PYTHON_IMAGE
FROM ${PYTHON_IMAGE:?} AS debugger
RUN --mount=type=cache,target=/root/.cache/pip \
    --mount=type=secret,id=pip_index_url \
    --mount=type=bind,source=requirements/debug.txt,target=/tmp/requirements.txt \
    PIP_INDEX_URL="$(cat /run/secrets/pip_index_url 2>/dev/null || true)" \
        pip install --no-compile --no-deps --only-binary :all: --require-hashes --root-user-action ignore \
        --target /opt/debugger --requirement /tmp/requirements.txt \
    && install --directory --owner=10001 --group=10001 /debugger
USER 10001:10001
# It copies the debugger and exits.
HEALTHCHECK NONE
ENTRYPOINT ["cp", "--recursive", "--update", "/opt/debugger/.", "/debugger"]
