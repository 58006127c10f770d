# The image of the frontend, and with the target `development` the server that reloads pages when their code changes.
ARG NODE_IMAGE

FROM ${NODE_IMAGE:?} AS base

FROM base AS dependencies
WORKDIR /app
COPY .npmrc package.json package-lock.json ./
RUN --mount=type=cache,target=/root/.npm \
    --mount=type=secret,id=npm_registry \
    NPM_CONFIG_REGISTRY="$(cat /run/secrets/npm_registry 2>/dev/null || true)" \
        npm ci --ignore-scripts

FROM dependencies AS development
ENV NEXT_TELEMETRY_DISABLED=1
COPY . .
# The server writes beside the code, into which Compose copies what changes.
RUN mkdir --parents .next && chown --recursive 10001:10001 .
EXPOSE 3000
USER 10001:10001
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --start-interval=1s --retries=3 \
    CMD ["node", "--eval", "fetch('http://127.0.0.1:3000/health').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "node_modules/.bin/next", "dev", "--hostname=0.0.0.0", "--port=3000"]

FROM dependencies AS build
ENV NEXT_TELEMETRY_DISABLED=1
COPY . .
RUN npm run build && chmod --recursive u=rwX,go=rX .next/standalone

# The base image without programs that install, compile, manage a machine or give privileges.
FROM base AS runtime
RUN useradd --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin app \
    && find / -xdev -type f -perm /6000 -exec chmod a-s {} + \
    && rm -rf /usr/local/include /usr/local/lib/node_modules /usr/local/share /opt/yarn* \
    && find /usr/local/bin -mindepth 1 ! -name node -delete \
    && dpkg-query --show --showformat '${Package}\n' apt 'libapt-pkg*' >/tmp/packages \
    && printf '%s\n' debconf mount openssl passwd perl-base sqv util-linux dpkg >>/tmp/packages \
    && xargs --max-args=1 dpkg --purge --force-depends --force-remove-essential --force-remove-protected </tmp/packages \
    && rm -rf /root/.cache /root/.npm /tmp/* /usr/share/doc /usr/share/man /var/cache/* /var/lib/apt /var/log/*

# A single layer, so that no layer contains the removed files.
FROM base AS filesystem
RUN --mount=from=runtime,target=/runtime cp -a /runtime /filesystem

FROM scratch
COPY --from=filesystem /filesystem /
ENV PATH=/usr/local/bin:/usr/bin:/bin \
    LANG=C.UTF-8 \
    MALLOC_ARENA_MAX=2 \
    HOSTNAME=0.0.0.0 \
    NEXT_TELEMETRY_DISABLED=1 \
    NODE_ENV=production \
    PORT=3000
EXPOSE 3000
WORKDIR /app
USER 10001:10001
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --start-interval=1s --retries=3 \
    CMD ["node", "--eval", "fetch('http://127.0.0.1:3000/health').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# A third of the memory after many requests, for a fifth more CPU time.
ENTRYPOINT ["node", "--max-semi-space-size=2", "--heap-growing-percent=20", "server.js"]
COPY --from=build /app/.next/standalone /app
ARG REVISION
ARG VERSION
ENV APP_VERSION=${VERSION}
ARG SOURCE
LABEL org.opencontainers.image.revision=${REVISION} \
    org.opencontainers.image.version=${VERSION} \
    org.opencontainers.image.source=${SOURCE}
