# The image of the gateway.
ARG PYTHON_IMAGE

FROM ${PYTHON_IMAGE:?} AS base

# The dependencies, without debugging symbols, tests and files for compilers.
FROM base AS dependencies
RUN --mount=type=cache,target=/var/cache/apt,sharing=locked \
    --mount=type=cache,target=/var/lib/apt/lists,sharing=locked \
    rm -f /etc/apt/apt.conf.d/docker-clean \
    && apt-get update \
    && apt-get install --yes --no-install-recommends "binutils=2.*" \
    && python -m venv --without-pip /opt/venv
RUN --mount=type=cache,target=/root/.cache/pip \
    --mount=type=secret,id=pip_index_url \
    --mount=type=bind,source=requirements/gateway.txt,target=/tmp/requirements.txt \
    PIP_INDEX_URL="$(cat /run/secrets/pip_index_url 2>/dev/null || true)" \
        pip --python /opt/venv/bin/python install --no-compile --no-deps --only-binary :all: --require-hashes \
        --requirement /tmp/requirements.txt \
    && find /opt/venv -type d '(' -name tests -o -name testing ')' -prune -exec rm -r {} + \
    && find /opt/venv -type f -regex '.*\.\(c\|cpp\|h\|hpp\|pxd\|pyi\|pyx\)' -delete \
    && find /opt/venv -type f -name '*.so*' -exec strip --strip-unneeded {} + \
    && python -m compileall -q --invalidation-mode unchecked-hash /opt/venv

# The base image without programs that install, compile, manage a machine or give privileges.
FROM base AS runtime
RUN useradd --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin app \
    && find / -xdev -type f -perm /6000 -exec chmod a-s {} + \
    && pip uninstall --yes --root-user-action ignore pip \
    && find /usr/local/lib/python3.* -mindepth 1 -maxdepth 1 -type d -prune \
        -regex '.*/\(config-.*\|ensurepip\|idlelib\|lib2to3\|pydoc_data\|test\|tkinter\|turtledemo\)' -exec rm -r {} + \
    && rm -rf /usr/local/bin/*-config /usr/local/bin/idle* /usr/local/bin/pydoc* /usr/local/include /usr/local/share \
    && python -m compileall -q --invalidation-mode unchecked-hash /usr/local/lib \
    && dpkg-query --show --showformat '${Package}\n' apt 'libapt-pkg*' >/tmp/packages \
    && printf '%s\n' debconf mount openssl passwd perl-base sqv util-linux dpkg >>/tmp/packages \
    && xargs --max-args=1 dpkg --purge --force-depends --force-remove-essential --force-remove-protected </tmp/packages \
    && rm -rf /root/.cache /tmp/* /usr/share/doc /usr/share/man /var/cache/* /var/lib/apt /var/log/*

# A single layer, so that no layer contains the removed files.
FROM base AS filesystem
RUN --mount=from=runtime,target=/runtime cp -a /runtime /filesystem

# The modes of files do not depend on the umask of the checkout.
FROM base AS code
COPY src/backend/shared /app/shared
RUN chmod --recursive u=rwX,go=rX /app && python -m compileall -q --invalidation-mode unchecked-hash /app
COPY src/backend/gateway /app/gateway
RUN chmod --recursive u=rwX,go=rX /app/gateway \
    && python -m compileall -q --invalidation-mode unchecked-hash /app/gateway

FROM scratch
COPY --from=filesystem /filesystem /
COPY --from=dependencies /opt/venv /opt/venv
ENV PATH=/opt/venv/bin:/usr/local/bin:/usr/bin:/bin \
    LANG=C.UTF-8 \
    HOST=0.0.0.0 \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONPATH=/app \
    PYTHONSAFEPATH=1 \
    PYTHONUNBUFFERED=1
EXPOSE 8000
WORKDIR /app
USER 10001:10001
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --start-interval=1s --retries=3 \
    CMD ["python", "-m", "shared.probe", "8000"]
ENTRYPOINT ["python", "-m", "gateway"]
COPY --from=code /app /app
ARG REVISION
ARG VERSION
ENV APP_VERSION=${VERSION}
ARG SOURCE
LABEL org.opencontainers.image.revision=${REVISION} \
    org.opencontainers.image.version=${VERSION} \
    org.opencontainers.image.source=${SOURCE}
