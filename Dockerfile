# docker build --tag clearsight .
# docker run --rm --user "$(id -u):$(id -g)" --volume "$PWD:/data" clearsight train photos --out pets
# A GPU: --build-arg TORCH_INDEX=https://pypi.org/simple, then docker run --gpus all …
FROM python:3.13-slim AS build
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
# fast,serve: an image that serves, docs/how-to/serve.md
ARG EXTRAS=fast,real
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /opt/clearsight
ENV PATH=/opt/clearsight/bin:$PATH
# torch first and alone: the largest layer, which a change of the code leaves as it is
COPY constraints.txt /build/
RUN pip install --index-url "$TORCH_INDEX" --constraint /build/constraints.txt torch
COPY pyproject.toml README.md LICENSE /build/
COPY src /build/src
RUN pip install --constraint /build/constraints.txt "/build[$EXTRAS]"

FROM python:3.13-slim
COPY --from=build /opt/clearsight /opt/clearsight
RUN useradd --create-home --uid 1000 clearsight
# the cache lies where any --user may write
ENV PATH=/opt/clearsight/bin:$PATH CLEARSIGHT_CACHE=/tmp/clearsight PYTHONUNBUFFERED=1
USER clearsight
WORKDIR /data
ENTRYPOINT ["clearsight"]
CMD ["--help"]
