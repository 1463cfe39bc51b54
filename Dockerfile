# animatex in a container, for a processor (the default) or for an NVIDIA GPU:
#
#   docker build --target cpu --tag animatex:cpu .
#   docker build --target cuda --tag animatex:cuda .
#
# docs/containers.md says how to run it. CUDA's libraries come with PyTorch; the machine needs NVIDIA's driver and
# its container toolkit alone.

# Debian 12's Python is the 3.11 that the tests run with. OpenCV and MediaPipe are linked to the two libraries.
FROM debian:bookworm-slim AS python
# Whatever Debian has mended since is wanted, and so its packages have no version here.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libgl1 libglib2.0-0 python3 \
    && rm -rf /var/lib/apt/lists/*

FROM python AS tools
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates python3-pip \
    && rm -rf /var/lib/apt/lists/*
# Debian's pip fills an environment that has none itself.
ENV PIP_PYTHON=/opt/animatex PIP_CONSTRAINT=/source/constraints.txt PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python3 -m venv --without-pip /opt/animatex
WORKDIR /source
COPY constraints.txt pyproject.toml ./
RUN python3 -c "import tomllib; print(*tomllib.load(open('pyproject.toml', 'rb'))['project']['dependencies'], sep='\n')" \
    > requirements.txt

# What others wrote changes seldom, and makes a layer of its own.
FROM tools AS packages-cpu
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
# hadolint ignore=DL3013
RUN --mount=type=cache,target=/root/.cache/pip \
    pip install --no-deps --index-url "$TORCH_INDEX" torch torchvision \
    && pip install --only-binary :all: --requirement requirements.txt

FROM tools AS packages-cuda
RUN --mount=type=cache,target=/root/.cache/pip \
    pip install --only-binary :all: --requirement requirements.txt

FROM tools AS package
COPY . .
RUN --mount=type=cache,target=/root/.cache/pip \
    pip install --no-deps --prefix /package .

FROM python AS runtime
# All that is ever written to, by whatever user a container is run as: perhaps one that no list of users knows.
RUN mkdir --mode 1777 /weights /work
ENV ANIMATEX_WEIGHTS=/weights HOME=/tmp LOGNAME=animatex PATH=/opt/animatex/bin:$PATH
VOLUME ["/tmp", "/weights"]
WORKDIR /work
USER 1000:1000
ENTRYPOINT ["animatex"]
CMD ["--help"]

FROM runtime AS cuda
ENV NVIDIA_VISIBLE_DEVICES=all NVIDIA_DRIVER_CAPABILITIES=compute,utility
COPY --from=packages-cuda /opt/animatex /opt/animatex
COPY --from=package /package /opt/animatex

FROM runtime AS cpu
COPY --from=packages-cpu /opt/animatex /opt/animatex
COPY --from=package /package /opt/animatex
