# The image of the gateway.
ARG PYTHON_IMAGE

# The dependencies, without their debugging symbols and tests.
FROM ${PYTHON_IMAGE} AS dependencies
RUN --mount=type=cache,target=/var/cache/apt,sharing=locked \
    --mount=type=cache,target=/var/lib/apt/lists,sharing=locked \
    rm -f /etc/apt/apt.conf.d/docker-clean \
    && apt-get update \
    && apt-get install --yes --no-install-recommends "binutils=2.*" \
    && python -m venv --without-pip /opt/venv
RUN --mount=type=cache,target=/root/.cache/pip \
    --mount=type=bind,source=requirements/gateway.txt,target=/tmp/requirements.txt \
    pip --python /opt/venv/bin/python install --no-compile --no-deps --only-binary :all: --require-hashes \
        --requirement /tmp/requirements.txt \
    && find /opt/venv -type d -name tests -prune -exec rm -r {} + \
    && find /opt/venv -type f -regex '.*\.\(c\|cpp\|h\|hpp\|pxd\|pyi\|pyx\)' -delete \
    && find /opt/venv -type f -name "*.so*" -exec strip --strip-unneeded {} + \
    && python -m compileall -q --invalidation-mode unchecked-hash /opt/venv

# The base without what installs or compiles software, or manages a machine; no program gives more rights than its caller has.
FROM ${PYTHON_IMAGE} AS runtime
RUN useradd --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin app \
    && find / -xdev -type f -perm /6000 -exec chmod a-s {} + \
    && pip uninstall --yes --root-user-action ignore pip \
    && cd "$(python -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')" \
    && rm -rf config-* ensurepip idlelib lib2to3 pydoc_data test tkinter turtledemo \
    && rm -rf /usr/local/bin/*-config /usr/local/bin/idle* /usr/local/bin/pydoc* /usr/local/include /usr/local/share \
    && python -m compileall -q --invalidation-mode unchecked-hash . \
    && dpkg-query --show --showformat '${Package}\n' 'libapt-pkg*' >/tmp/packages \
    && printf '%s\n' apt debconf mount openssl passwd perl-base sqv util-linux dpkg >>/tmp/packages \
    && xargs --max-args=1 dpkg --purge --force-depends --force-remove-essential --force-remove-protected </tmp/packages \
    && rm -rf /root/.cache /tmp/* /usr/share/doc /usr/share/man /var/cache/* /var/lib/apt /var/log/*

FROM ${PYTHON_IMAGE} AS code
COPY src/backend/shared /app/shared
COPY src/backend/gateway /app/gateway
RUN python -m compileall -q --invalidation-mode unchecked-hash /app

FROM scratch
COPY --from=runtime / /
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
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --start-interval=1s --retries=3 \
    CMD ["python", "-m", "shared.probe", "8000"]
ENTRYPOINT ["python", "-m", "gateway"]
COPY --from=code /app /app
ARG REVISION
ARG VERSION
ARG SOURCE
LABEL org.opencontainers.image.revision=${REVISION} \
    org.opencontainers.image.version=${VERSION} \
    org.opencontainers.image.source=${SOURCE}
