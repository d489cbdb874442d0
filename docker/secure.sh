#!/bin/sh
# Create what docker-compose.secure.yml needs: a certificate authority, a certificate of the node, its one user, and
# secure.env with the password. Existing files are kept, so it can be run again. Needs openssl and docker.
#
#   docker/secure.sh
#   docker compose --env-file secure.env -f docker-compose.yml -f docker-compose.secure.yml up -d
set -eu
umask 077
cd "$(dirname "$0")/.."
IMAGE=opensearchproject/opensearch:3.6.0
DAYS=825
FOLDER=docker/secure

mkdir -p "$FOLDER"
if [ ! -e "$FOLDER/ca.pem" ]; then
    openssl req -x509 -newkey rsa:3072 -nodes -days "$DAYS" -subj "/CN=Peerscope CA" \
        -keyout "$FOLDER/ca-key.pem" -out "$FOLDER/ca.pem"
fi
if [ ! -e "$FOLDER/node.pem" ]; then
    openssl req -newkey rsa:3072 -nodes -subj "/CN=opensearch" \
        -keyout "$FOLDER/node-key.pem" -out "$FOLDER/node.csr"
    printf 'subjectAltName=DNS:opensearch,DNS:localhost\nextendedKeyUsage=serverAuth,clientAuth\n' > "$FOLDER/node.ext"
    openssl x509 -req -in "$FOLDER/node.csr" -CA "$FOLDER/ca.pem" -CAkey "$FOLDER/ca-key.pem" -CAcreateserial \
        -days "$DAYS" -extfile "$FOLDER/node.ext" -out "$FOLDER/node.pem"
    rm -f "$FOLDER/node.csr" "$FOLDER/node.ext"
fi
if [ ! -e secure.env ]; then
    printf 'PEERSCOPE_OPENSEARCH_PASSWORD=%s\nPEERSCOPE_DATABASE_PASSWORD=%s\nPEERSCOPE_SECRET_KEY=%s\n' \
        "$(openssl rand -hex 24)" "$(openssl rand -hex 24)" "$(openssl rand -hex 32)" > secure.env
fi
if [ ! -e "$FOLDER/internal_users.yml" ]; then
    # The image reads the password from its environment, where `ps` does not show it.
    HASH=$(docker run --rm --env-file secure.env --entrypoint bash "$IMAGE" \
        plugins/opensearch-security/tools/hash.sh -env PEERSCOPE_OPENSEARCH_PASSWORD | tail -n 1)
    case $HASH in '$2'*) ;; *) echo "hash.sh of $IMAGE printed no hash: $HASH" >&2; exit 1 ;; esac
    cat > "$FOLDER/internal_users.yml" <<USERS
_meta:
  type: internalusers
  config_version: 2
peerscope:
  hash: "$HASH"
  reserved: true
  backend_roles: ["admin"]
  description: Peerscope, the only user of this cluster
USERS
fi
# The containers run as other accounts: OpenSearch as 1000, Peerscope as the one that its image creates.
chmod 711 "$FOLDER"
chmod 644 "$FOLDER/ca.pem" "$FOLDER/node.pem"
if [ "$(id -u)" = 0 ]; then
    chown 1000 "$FOLDER/node-key.pem" "$FOLDER/internal_users.yml"
elif [ "$(id -u)" != 1000 ]; then
    echo "Run as root: sudo chown 1000 $FOLDER/node-key.pem $FOLDER/internal_users.yml" >&2
fi
