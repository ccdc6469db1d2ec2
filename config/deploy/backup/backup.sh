#!/bin/sh
# backup.sh DATABASE_URL FOLDER DAYS: a dump of the whole database into FOLDER; dumps older than DAYS are removed.
# Writers are not held up, and the dump is of one moment.
set -eu
url=$1
folder=$2
days=$3
umask 077
mkdir -p "$folder"
file="$folder/packhouse-$(date -u +%Y%m%dT%H%M%SZ).dump"
trap 'rm -f "$file.part"' EXIT
pg_dump --format=custom --no-owner --no-privileges --file="$file.part" "$url"
# what cannot be read is no backup
pg_restore --list "$file.part" >/dev/null
mv "$file.part" "$file"
find "$folder" -name 'packhouse-*.dump' -mtime "+$days" -exec rm -f {} +
echo "$file"
