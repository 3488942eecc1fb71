# The front door and the action server (one image, two commands). Build from the repository root:
#   docker build -f docker/app.Dockerfile -t motcua-app .
FROM python:3.11-slim-bookworm
RUN pip install --no-cache-dir uv==0.13.9 && useradd --create-home --uid 1000 motcua
WORKDIR /app
COPY pyproject.toml README.md LICENSE ./
COPY locks/app.txt locks/app.txt
# --build-arg TORCH_INDEX names an index with CPU builds of torch; without it the default one brings CUDA (several GB).
ARG TORCH_INDEX=""
RUN UV_INDEX="$TORCH_INDEX" uv pip install --system --compile-bytecode -r locks/app.txt
COPY actions actions
COPY bot bot
COPY desk desk
COPY knowledge knowledge
COPY motcua motcua
COPY store store
RUN uv pip install --system --no-deps -e . && mkdir /data && chown motcua /data
USER motcua
ENV MOTCUA_HOME=/data PYTHONUNBUFFERED=1
VOLUME /data
CMD ["motcua", "serve-app"]
