# Headroom in a container: `docker build --target viewer .` or `--target app`, see docs/hosting.md.
# Without --target, as on Hugging Face Spaces, the viewer is built.
ARG PYTHON=3.11
FROM python:${PYTHON}-slim AS base

RUN useradd --uid 1000 --create-home headroom && install -d -o headroom /data && python -m venv /venv
ENV PATH=/venv/bin:$PATH PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /app
COPY requirements.lock requirements-view.txt requirements-login.txt ./
RUN pip install -c requirements.lock -r requirements-view.txt -r requirements-login.txt

ENV HEADROOM_HOME=/data HEADROOM_ADDRESS=0.0.0.0
EXPOSE 8501
VOLUME /data
HEALTHCHECK --start-period=60s CMD ["python", "deploy/healthcheck.py"]
CMD ["headroom", "serve"]

FROM base AS app
ARG TENSORFLOW=tensorflow-cpu
COPY requirements.txt ./
RUN sed "s/^tensorflow==/${TENSORFLOW}==/" requirements.txt > /tmp/requirements.txt \
    && pip install -c requirements.lock -r /tmp/requirements.txt
COPY . .
RUN pip install --no-deps --editable .
ENV KERAS_HOME=/data/keras
USER headroom

FROM base AS viewer
ENV HEADROOM_READ_ONLY=1
COPY . .
RUN pip install --no-deps --editable .
USER headroom
