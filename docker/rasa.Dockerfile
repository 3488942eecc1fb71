# The dialogue manager. Build from the repository root:
#   docker build -f docker/rasa.Dockerfile -t motcua-rasa .
FROM python:3.10-slim-bookworm
RUN pip install --no-cache-dir uv==0.13.9 && useradd --create-home --uid 1000 motcua
WORKDIR /app
COPY locks/rasa.txt locks/rasa.txt
RUN uv pip install --system --compile-bytecode -r locks/rasa.txt
COPY config.yml endpoints.yml credentials.yml ./
COPY nlu nlu
COPY knowledge/__init__.py knowledge/text.py knowledge/_syllables.py knowledge/_teencode.py knowledge/
RUN mkdir /data && chown motcua /data
USER motcua
ENV PYTHONUNBUFFERED=1
VOLUME /data
# The model is made when the image first starts and kept in the volume.
CMD ["sh", "-c", "MODEL=$(python -m nlu.train --models /data/models --print-path) && exec python -m nlu.serve --model \"$MODEL\" --interface 0.0.0.0 --port 5005 --db /data/rasa.db --actions-url http://actions:5055/webhook"]
