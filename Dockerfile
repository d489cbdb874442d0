# The API and the indexer in one image; OpenSearch runs in another container (docker-compose.yml).
FROM python:3.12-slim

ENV PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1 PEERSCOPE_HOME=/var/lib/peerscope
WORKDIR /app

# The dependencies change less often than the code, so they are a separate layer.
COPY constraints-server.txt ./
RUN pip install --require-hashes -r constraints-server.txt

COPY . .
RUN pip install --no-deps --no-build-isolation . \
    && useradd --uid 999 --system --home-dir "$PEERSCOPE_HOME" peerscope \
    && install -d -o peerscope "$PEERSCOPE_HOME"

USER peerscope
# The model is downloaded and verified now, so that a container starts without a network.
RUN python -c "from peerscope import embedding, settings; embedding.load(settings.Settings.load()).embed_query('warm up')"
VOLUME /var/lib/peerscope
EXPOSE 8000
ENTRYPOINT ["peerscope"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8000"]
