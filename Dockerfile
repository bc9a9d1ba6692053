# syntax=docker/dockerfile:1
# Two images from one build: `coordinator` (API, page and coordinator worker) and `agent` (one agent's worker).
ARG PYTHON_VERSION=3.12

FROM python:${PYTHON_VERSION}-slim AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /opt/codereview
WORKDIR /src
# The requirements change less often than the code: install them in a layer of their own.
COPY setup.cfg pyproject.toml README.md LICENSE ./
COPY codereview/__init__.py codereview/__init__.py
RUN /opt/codereview/bin/pip install ".[otel]"
COPY codereview codereview
COPY workers workers
COPY api api
RUN /opt/codereview/bin/pip install --no-deps --force-reinstall .

FROM python:${PYTHON_VERSION}-slim AS base
ENV PATH=/opt/codereview/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    CODEREVIEW_DATA_DIR=/var/lib/codereview
# curl is what the container health checks of orchestrators call.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends curl \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --system --gid 10001 codereview \
    && useradd --system --uid 10001 --gid codereview --home-dir /var/lib/codereview --create-home codereview
COPY --from=build /opt/codereview /opt/codereview
USER 10001:10001
WORKDIR /var/lib/codereview

FROM base AS coordinator
ENV CODEREVIEW_HOST=0.0.0.0 \
    CODEREVIEW_PORT=8080
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 \
    CMD ["curl", "--fail", "--silent", "http://localhost:8080/health"]
STOPSIGNAL SIGTERM
CMD ["codereview", "coordinator"]

FROM base AS agent
# "security" or "bug".
ENV AGENT_TYPE=security
HEALTHCHECK --interval=30s --timeout=10s --start-period=20s --retries=3 CMD ["codereview", "worker-health"]
# Warm shutdown first: a unit under way is finished, or given back when the grace ends.
STOPSIGNAL SIGTERM
ENTRYPOINT ["codereview", "worker"]
