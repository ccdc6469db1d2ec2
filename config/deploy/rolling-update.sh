#!/bin/sh
# rolling-update.sh: the installed version takes the place of the running one, process after process, each ready before the next.
# Run it as root after installing the new version into /opt/packhouse. It stops at the first process that does not become ready.
set -eu
systemctl daemon-reload
systemctl restart packhouse-migrate.service
for unit in $(systemctl list-units --plain --no-legend 'packhouse-api@*.service' 'packhouse-worker@*.service' | cut -d' ' -f1); do
    port=${unit#*@}
    port=${port%.service}
    systemctl restart "$unit"
    waited=0
    until curl --silent --fail --output /dev/null "http://127.0.0.1:$port/health/ready"; do
        waited=$((waited + 1))
        if [ "$waited" -gt 60 ]; then
            echo "rolling-update.sh: $unit is not ready; the others still run the version before" >&2
            curl --silent "http://127.0.0.1:$port/health/ready" >&2 || true
            exit 1
        fi
        sleep 1
    done
    echo "$unit is ready"
done
