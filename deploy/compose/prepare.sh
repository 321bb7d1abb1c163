#!/bin/sh
# Writes .env with a new password for everything, once. Certificate and key come into tls/ by your own hand.
#   ./prepare.sh https://chat.example.org
set -eu
cd "$(dirname "$0")"

address=${1:?"usage: ./prepare.sh https://ADDRESS"}
if [ -e .env ]; then
  echo ".env is there already: a new one would not open the databases of before." >&2
  exit 1
fi
secret() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }
umask 077
cat > .env.new <<ENV
PUBLIC_URL=$address
REGISTRATION=closed
POSTGRES_PASSWORD=$(secret)
USERS_PASSWORD=$(secret)
CHAT_PASSWORD=$(secret)
REDIS_PASSWORD=$(secret)
KAFKA_CLUSTER_ID=$(secret | cut -c1-21)A
ENV
mv .env.new .env
mkdir -p tls
echo "Now put fullchain.pem and privkey.pem into $(pwd)/tls, and: docker compose up --detach --wait"
