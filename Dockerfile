# One image for every role: page, worker and beat. docs/deploy.md explains it.

FROM python:3.13-slim AS build
WORKDIR /build

# Dependencies first, pinned by hash, so that a change of the program does not fetch them again.
COPY scripts scripts
COPY requirements requirements
RUN scripts/venv.sh .venv \
 && scripts/install.sh .venv requirements/node.txt \
 && python -m venv --without-pip /opt/chandlery \
 && scripts/install.sh /opt/chandlery requirements/run.txt

# The wheel, page included.
COPY pyproject.toml hatch_build.py README.md LICENSE ./
COPY frontend frontend
COPY src src
RUN .venv/bin/python -m hatchling build -t wheel \
 && .venv/bin/python -m pip --python /opt/chandlery/bin/python install --no-index --no-deps dist/*.whl \
 && /opt/chandlery/bin/python -m compileall -q /opt/chandlery/lib


FROM python:3.13-slim

# A number that never changes, because it owns the files in the volume.
RUN groupadd --gid 10001 chandlery \
 && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin chandlery \
 && install --directory --owner chandlery --group chandlery --mode 700 /data

COPY --from=build /opt/chandlery /opt/chandlery
WORKDIR /app
COPY tasks.py app.py ./

ENV PATH=/opt/chandlery/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    CHANDLERY_HOME=/data \
    CHANDLERY_CSV=/data/crypto.csv

USER 10001:10001
VOLUME /data
EXPOSE 8000
STOPSIGNAL SIGTERM

# For the page; compose.yaml has checks for worker and beat. A proxy of the environment is not asked.
HEALTHCHECK --interval=30s --timeout=10s --start-period=90s --retries=3 \
  CMD ["python", "-c", "import os, sys, urllib.request as u; url = f\"http://127.0.0.1:{os.environ.get('CHANDLERY_PORT', '8000')}/healthz\"; sys.exit(u.build_opener(u.ProxyHandler({})).open(url, timeout=8).status != 200)"]

CMD ["chandlery", "up"]
