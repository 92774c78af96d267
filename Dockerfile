# The gateway as an image: unprivileged, happy on a read-only root file system, all state in /data.
#
#   docker build -t alert-gateway .
#   docker run --read-only --tmpfs /tmp -v alerts:/data -v ./config.toml:/etc/alert-gateway.toml:ro \
#       -p 9096:9096 alert-gateway serve --config /etc/alert-gateway.toml
#
# In a container the gateway must listen on 0.0.0.0, and for that it wants a token: compose.yaml
# shows both. Without [postgres] url it runs a private PostgreSQL in /data.

FROM python:3.13-slim-bookworm AS build

WORKDIR /build
RUN python -m venv /opt/alert-gateway
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1

# Before the source, so that a change of code does not download everything again.
COPY requirements.lock ./
RUN /opt/alert-gateway/bin/pip install --require-hashes -r requirements.lock

COPY pyproject.toml README.md LICENSE ./
COPY matchers matchers
COPY gateway gateway
RUN /opt/alert-gateway/bin/pip install --no-deps --no-build-isolation .


FROM python:3.13-slim-bookworm

# A real entry in /etc/passwd: without one PostgreSQL's initdb refuses.
RUN groupadd --gid 10001 gateway \
    && useradd --uid 10001 --gid gateway --no-create-home --home-dir /data \
        --shell /usr/sbin/nologin gateway \
    && install --directory --owner gateway --group gateway --mode 0700 /data

COPY --from=build /opt/alert-gateway /opt/alert-gateway

ENV PATH=/opt/alert-gateway/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 9096
STOPSIGNAL SIGTERM

# No proxy: one that the environment names cannot reach our loopback.
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import urllib.request as r; r.build_opener(r.ProxyHandler({})).open('http://127.0.0.1:9096/-/healthy', timeout=4)"]

ENTRYPOINT ["alert-gateway"]
CMD ["serve"]
