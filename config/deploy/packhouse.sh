#!/bin/sh
# packhouse.sh COMMAND…: a command of Packhouse as its processes run, with their settings, user and folder. As root:
# packhouse.sh token create admin; packhouse.sh plugin list; packhouse.sh verify
set -eu
exec systemd-run --quiet --collect --pipe --wait --uid=packhouse --gid=packhouse --property=UMask=0077 \
    --property=StateDirectory=packhouse --property=WorkingDirectory=/var/lib/packhouse \
    --property=LoadCredential=packhouse.toml:/etc/packhouse/packhouse.toml \
    /bin/sh -c 'PACKHOUSE_CONFIG=$CREDENTIALS_DIRECTORY/packhouse.toml exec /opt/packhouse/current/bin/packhouse "$@"' packhouse "$@"
