# syntax=docker/dockerfile:1
# The engine and the console, for inference: no torch, no build tools, no root.

FROM python:3.13-slim-bookworm AS build
WORKDIR /source
COPY constraints.txt pyproject.toml README.md LICENSE ./
COPY core ./core
COPY console ./console
COPY scenarios ./scenarios
# Into an environment without pip, which goes into the image as it is.
RUN python -m venv --without-pip /opt/rlscale \
    && python -m pip --python /opt/rlscale/bin/python install \
        --no-cache-dir --constraint constraints.txt .

FROM python:3.13-slim-bookworm
LABEL org.opencontainers.image.title="rlscale-console" \
      org.opencontainers.image.description="Train, watch, debug and trust a learned autoscaler" \
      org.opencontainers.image.licenses="Apache-2.0"
RUN useradd --uid 65532 --user-group --no-create-home --home-dir /tmp --shell /usr/sbin/nologin \
        rlscale \
    && install --directory --owner=65532 --group=65532 --mode=0700 /data \
    && python -m pip uninstall --yes --root-user-action=ignore pip
COPY --from=build /opt/rlscale /opt/rlscale
# One thread: the network of a policy is far too small to gain from more.
ENV PATH="/opt/rlscale/bin:$PATH" \
    HOME=/tmp \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    OMP_NUM_THREADS=1 \
    OPENBLAS_NUM_THREADS=1 \
    RLSCALE_DATA_DIR=/data \
    RLSCALE_CONFIG_DIR=/tmp/config
USER 65532:65532
WORKDIR /data
ENTRYPOINT ["rlscale-console"]
CMD ["--help"]
