#!/bin/sh
# restore.sh DATABASE_URL FILE: a dump into an empty database, wholly or not at all. Then: packhouse db migrate; packhouse verify
set -eu
url=$1
file=$2
tables=$(psql --no-psqlrc --tuples-only --no-align --command "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'" "$url")
if [ "$tables" != 0 ]; then
    echo "restore.sh: the database has $tables tables; make a new one and restore into that" >&2
    exit 1
fi
pg_restore --exit-on-error --single-transaction --no-owner --no-privileges --dbname="$url" "$file"
