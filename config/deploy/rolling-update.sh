#!/bin/sh
# rolling-update.sh VERSION: the version in /opt/packhouse/VERSION takes the place of the running one, process after process, each
# ready before the next. Run it as root. It stops at the first process that does not become ready; the version before, given
# again, goes back.
set -eu
home=${PACKHOUSE_HOME:-/opt/packhouse}
if [ $# != 1 ] || [ ! -x "$home/$1/bin/packhouse" ]; then
    echo "usage: rolling-update.sh VERSION, which is installed in $home/VERSION" >&2
    exit 2
fi
before=$(readlink "$home/current")
ln -sfn "$1" "$home/current"
systemctl daemon-reload
if ! systemctl restart packhouse-migrate.service; then
    ln -sfn "$before" "$home/current"
    echo "rolling-update.sh: the migration failed, $before runs on; see journalctl --unit packhouse-migrate" >&2
    exit 1
fi
for unit in $(systemctl list-units --plain --no-legend 'packhouse-api@*.service' 'packhouse-worker@*.service' | cut -d' ' -f1); do
    port=${unit#*@}
    port=${port%.service}
    systemctl restart "$unit"
    waited=0
    until curl --silent --fail --output /dev/null "http://127.0.0.1:$port/health/ready"; do
        waited=$((waited + 1))
        if [ "$waited" -gt 60 ]; then
            echo "rolling-update.sh: $unit is not ready; those after it were left alone" >&2
            curl --silent "http://127.0.0.1:$port/health/ready" >&2 || true
            exit 1
        fi
        sleep 1
    done
    echo "$unit is ready"
done
