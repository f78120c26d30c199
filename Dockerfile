# The images of Sallyport. The last one is the default.
#   docker build --target agent -t sallyport-agent .
#   docker build --target renderer -t sallyport-renderer .
#   docker build --target audit -t sallyport-audit .
#   docker build --target acme -t sallyport-acme .
#   docker build -t sallyport .             both and nginx: docs/reference/self-contained-image.md
# For another architecture: --platform linux/arm64. For other base images: --build-arg NODE_IMAGE=… or NGINX_IMAGE=….
# `.ci/update-base-images` pins them by digest: docs/how-to/build-images.md.
ARG NODE_IMAGE=node:26-trixie-slim
# Runs the build. Needs the architecture of the builder, while NODE_IMAGE may have only that of the result.
ARG BUILD_IMAGE=${NODE_IMAGE}
ARG NGINX_IMAGE=nginxinc/nginx-unprivileged:stable

FROM ${NODE_IMAGE} AS node

FROM --platform=${BUILDPLATFORM:-linux} ${BUILD_IMAGE} AS build
WORKDIR /src
COPY .npmrc package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
# Node with its own libraries, for images without any and independent of those in nginx's image.
COPY --from=node /usr/local/bin/node /runtime/node
COPY --from=node /lib/*-linux-gnu*/ld-linux-*.so.* /runtime/lib64/
COPY --from=node \
  /lib/*-linux-gnu*/ld-linux-*.so.* \
  /lib/*-linux-gnu*/libc.so.6 \
  /lib/*-linux-gnu*/libm.so.6 \
  /lib/*-linux-gnu*/libdl.so.2 \
  /lib/*-linux-gnu*/libpthread.so.0 \
  /lib/*-linux-gnu*/libgcc_s.so.1 \
  /usr/lib/*-linux-gnu*/libstdc++.so.6 \
  /usr/lib/*-linux-gnu*/libatomic.so.1 \
  /runtime/lib/
COPY --from=node /var/lib/dpkg /dpkg
COPY . .
RUN npm run build -- --runtime /runtime --dpkg /dpkg
# New volumes mounted at these directories inherit owner and mode.
RUN mkdir -p /agent/run/sallyport /agent/var/lib/sallyport /agent-owned/run/agent /agent-owned/lib/audit \
    /renderer/run/sallyport /renderer/etc/nginx /reload-owned/reload /conf-owned/conf.d /wanted-owned/acme \
  && chmod 2710 /agent-owned/run/agent && chmod 0750 /agent-owned/lib/audit \
  && chmod 0750 /reload-owned/reload && chmod 0755 /conf-owned/conf.d

# The agent: Node and one file, without shell, package manager or sources.
FROM scratch AS agent
COPY --from=build /runtime /
COPY --from=build /src/dist/agent.cjs /src/dist/agent.cdx.json /app/
COPY --from=build /agent /
COPY --from=build --chown=65532:65532 /agent-owned/run /run/sallyport
COPY --from=build --chown=65532:65532 /agent-owned/lib /var/lib/sallyport
ENTRYPOINT ["/node", "--disable-warning=ExperimentalWarning", "--permission", "--allow-net", "--allow-fs-read=*", "--allow-fs-write=/run/sallyport/agent", "--allow-fs-write=/var/lib/sallyport/audit", "--disable-proto=delete", "--disallow-code-generation-from-strings", "--frozen-intrinsics", "--no-addons", "--disable-sigusr1", "--jitless", "--max-semi-space-size=1", "--optimize-for-size", "/app/agent.cjs"]
CMD ["serve"]

# Verifies the agent's audit trail: Node and one file. Its group may read the trail, but not the agent's private key.
FROM scratch AS audit
COPY --from=build /runtime /
COPY --from=build /src/dist/audit.cjs /src/dist/audit.cdx.json /app/
COPY --from=build /agent/var /var
COPY --from=build --chown=65532:65532 /agent-owned/lib /var/lib/sallyport
USER 65534:65532
ENTRYPOINT ["/node", "--max-semi-space-size=1", "/app/audit.cjs"]
CMD ["help"]

# The renderer: Node, one file, and the templates it ships.
FROM scratch AS renderer
COPY --from=build /runtime /
COPY --from=build /src/dist/renderer.cjs /src/dist/renderer.cdx.json /app/
COPY renderer/templates /etc/sallyport/templates
COPY renderer/renderer.yml /etc/sallyport/renderer.yml
COPY --from=build /renderer /
# The renderer writes the configuration; nginx (101) owns the reload directory, which the renderer's group may enter.
COPY --from=build --chown=65533:65533 /conf-owned /etc/nginx
COPY --from=build --chown=101:65533 /reload-owned /run/sallyport
COPY --from=build --chown=65533:65533 /wanted-owned /run/sallyport
USER 65533:65533
# A small young generation reduces memory use; measurements are in docs/explanation/benchmarks.md.
ENTRYPOINT ["/node", "--max-semi-space-size=1", "/app/renderer.cjs"]
CMD ["run"]

# dehydrated, an ACME client in Bash. nginx's image has most of what that needs.
FROM ${NGINX_IMAGE} AS dehydrated
USER root
COPY renderer/acme/install-packages /opt/sallyport/
RUN sh /opt/sallyport/install-packages bsdextrautils dehydrated && rm /opt/sallyport/install-packages

# Gets certificates, as nginx's user, who reads the keys.
FROM dehydrated AS acme
COPY --from=build /runtime/node /runtime/lib/ /opt/sallyport/lib/
COPY --from=build /src/dist/acme.cjs /src/dist/acme.cdx.json /opt/sallyport/
COPY renderer/acme/sallyport-acme /usr/local/bin/
# New volumes inherit owner and mode.
RUN rm -rf /usr/sbin/nginx* /etc/nginx /usr/share/nginx/html \
  && mkdir -p /etc/nginx/certs /usr/share/nginx/html/.well-known/acme-challenge /var/lib/sallyport/acme \
  && chown -R 101:101 /etc/nginx/certs /usr/share/nginx/html /var/lib/sallyport/acme && chmod 0700 /var/lib/sallyport/acme \
  && chmod 0755 /usr/local/bin/sallyport-acme
USER 101:101
ENTRYPOINT ["/usr/local/bin/sallyport-acme"]
CMD ["run"]

# Agent, renderer and nginx in one container, as a replacement for nginx-proxy's image. Each process runs as its own user,
# and only the agent may use the Docker socket.
FROM dehydrated AS self-contained
COPY --from=build /runtime/node /runtime/lib/ /opt/sallyport/lib/
COPY --from=build /src/dist/ /opt/sallyport/
COPY renderer/templates /etc/sallyport/templates
COPY renderer/nginx/90-sallyport-reload.sh /opt/sallyport/reload.sh
COPY renderer/self-contained/start.sh renderer/self-contained/certificates.sh renderer/self-contained/as-nginx /opt/sallyport/
COPY renderer/self-contained/sallyport-agent renderer/self-contained/sallyport-renderer renderer/self-contained/sallyport-audit \
  renderer/acme/sallyport-acme /usr/local/bin/
COPY renderer/self-contained/nginx.conf renderer/self-contained/nginx-proxy-variables.conf /etc/nginx/
RUN mv /usr/sbin/nginx /opt/sallyport/nginx && rm -f /usr/sbin/nginx-debug
COPY renderer/self-contained/nginx /usr/sbin/
# nginx's user owns none of its configuration; the renderer owns the generated file. The renderer's configuration is
# created at start unless one is mounted.
RUN chmod 0755 /opt/sallyport/*.sh /opt/sallyport/as-nginx /usr/sbin/nginx /usr/local/bin/sallyport-* \
  && chown -R root:root /etc/nginx \
  && rm -f /etc/nginx/conf.d/* \
  && mkdir -p /etc/nginx/certs /etc/nginx/dhparam /etc/nginx/vhost.d /etc/nginx/htpasswd /etc/nginx/toplevel.conf.d \
    /usr/share/nginx/html /var/cache/nginx /var/lib/sallyport/audit \
  && chown 65533:65533 /etc/nginx/conf.d && chown 101:101 /var/log/nginx \
  && ln -s /run/sallyport/renderer.yml /etc/sallyport/renderer.yml
# acme-companion detects nginx-proxy's container by the second variable and does not start without one.
ENV DOCKER_HOST=unix:///tmp/docker.sock DOCKER_GEN_VERSION=none
EXPOSE 80 443 443/udp
STOPSIGNAL SIGQUIT
HEALTHCHECK --interval=15s --timeout=5s --retries=3 CMD ["sallyport-renderer", "health"]
ENTRYPOINT ["/opt/sallyport/start.sh"]
CMD []
