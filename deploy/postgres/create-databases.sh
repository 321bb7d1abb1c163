#!/bin/sh
# Run once by the image of PostgreSQL, on an empty volume: two databases, two roles, and neither sees the other's.
set -eu

create() {
  psql --set=ON_ERROR_STOP=1 --username=postgres --dbname=postgres \
    --set=name="$1" --set=password="$(cat "$2")" <<'SQL'
CREATE ROLE :"name" LOGIN PASSWORD :'password';
CREATE DATABASE :"name" OWNER :"name";
REVOKE CONNECT ON DATABASE :"name" FROM PUBLIC;
SQL
}

create entangle_users /run/secrets/users-password
create entangle_chat /run/secrets/chat-password
