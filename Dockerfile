# One image for every service: `docker compose build`. What it runs is the command: run classifier.
ARG PYTHON_IMAGE=python:3.11.13-slim-bookworm

FROM ${PYTHON_IMAGE} AS build
# Where no package index is reachable: wheels in deploy/docker/wheels, PIP_OPTIONS=--no-index.
ARG PIP_OPTIONS=""
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python3 -m venv /venv
WORKDIR /app
COPY deploy/docker/wheels /wheels
COPY pyproject.toml constraints.txt README.md ./
COPY deploy/docker/dependencies.py deploy/docker/dependencies.py
# What is installed changes seldom, so it comes before what we write.
RUN python3 deploy/docker/dependencies.py pyproject.toml > /tmp/needed \
    && /venv/bin/pip install --find-links /wheels ${PIP_OPTIONS} -c constraints.txt \
        -r /tmp/needed "setuptools>=77"
COPY schemas schemas
COPY services services
COPY deploy deploy
RUN /venv/bin/pip install --no-deps --no-build-isolation -e . \
    && /venv/bin/python -m compileall -q schemas services /venv/lib

FROM ${PYTHON_IMAGE}
# A number, so that Kubernetes sees that it is not root; secrets must be readable by it.
ARG USER_ID=10001
RUN echo "vntape:x:${USER_ID}:${USER_ID}::/app:/usr/sbin/nologin" >> /etc/passwd \
    && echo "vntape:x:${USER_ID}:" >> /etc/group \
    && mkdir -p /var/lib/vntape /var/spool/vntape \
    && chown ${USER_ID}:${USER_ID} /var/lib/vntape /var/spool/vntape
COPY --from=build /venv /venv
COPY --from=build /app /app
WORKDIR /app
# Inside a container there is nobody but us: who reaches its ports is what the network decides.
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    VNTAPE_LOCAL_DIR=/var/lib/vntape VNTAPE_HTTP_HOST=0.0.0.0 VNTAPE_HTTP_PORT=9464 \
    VNTAPE_WORKER=host
USER ${USER_ID}:${USER_ID}
EXPOSE 9464
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-S", "-E", "/app/deploy/docker/healthy.py"]
ENTRYPOINT ["python", "-m", "services.cli"]
CMD ["--help"]
