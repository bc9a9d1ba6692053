#!/usr/bin/env bash
# Brings docker-compose.yml up where there is neither a Docker engine nor an image registry: podman, runc and buildah,
# with stand-ins for the public base images made from Debian and the host's Python. Needs root and Debian.
#
#   up.sh WORKDIR PROJECT    build and start      (about two minutes the first time, seconds later)
#   up.sh WORKDIR env        print the environment that points podman at WORKDIR's private store
set -euo pipefail
work=$(realpath -m "${1:?a work folder}") project=${2:?the folder of docker-compose.yml, or env}
export CONTAINERS_STORAGE_CONF=$work/storage.conf CONTAINERS_CONF=$work/containers.conf
export CONTAINERS_REGISTRIES_CONF=$work/registries.conf
if [ "$project" = env ]; then
    env | grep '^CONTAINERS_'
    exit
fi
mkdir -p "$work"

host_python() { # an interpreter of version $1, from PATH or pyenv
    for candidate in "python$1" "${PYENV_ROOT:-$HOME/.pyenv}"/versions/"$1".*/bin/python3 python3; do
        if [ "$("$candidate" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)" = "$1" ]; then
            "$candidate" -c 'import sys; print(sys.executable)'
            return
        fi
    done
    return 1
}

version=$(sed -n 's/^ARG PYTHON_VERSION=//p' "$project/Dockerfile")
python=$(host_python "$version") || { echo "no Python $version on this host to make the base image from" >&2; exit 77; }

if ! command -v podman buildah runc debootstrap >/dev/null; then
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
        podman buildah runc netavark aardvark-dns iptables catatonit debootstrap uidmap >/dev/null
fi

cat > "$work/storage.conf" <<X1
[storage]
driver = "overlay"
runroot = "$work/run"
graphroot = "$work/store"
X1
cat > "$work/containers.conf" <<X1
[containers]
default_ulimits = ["nofile=1024:4096", "nproc=4096:4096"]   # raising them takes a capability a container lacks
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
X1
printf 'unqualified-search-registries = []\nshort-name-mode = "permissive"\n' > "$work/registries.conf"

# What the public Python image brings, for the interpreter that is copied in; and the Redis of its stand-in.
packages=ca-certificates,curl,redis-server,libbz2-1.0,libexpat1,libffi8,liblzma5,libreadline8,libsqlite3-0,libssl3,libuuid1,zlib1g
root=$work/rootfs
if [ ! -e "$root/.complete" ]; then
    rm -rf "$root"
    debootstrap --variant=minbase --include="$packages" bookworm "$root" >"$work/debootstrap.log"
    prefix=$("$python" -c 'import sys; print(sys.base_prefix)')
    cp -a "$prefix/." "$root/usr/local/"
    rm -rf "$root/usr/local/lib/python$version/test"
    ln -sf "python$version" "$root/usr/local/bin/python"
    chroot "$root" ldconfig
    # The package index this host is configured for is the one the images are built from.
    cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
    "$python" -m pip config list 2>/dev/null | sed -n "s/^global.index-url='\(.*\)'/[global]\nindex-url=\1/p" > "$root/etc/pip.conf"
    [ -s "$root/etc/pip.conf" ] || echo "[global]" > "$root/etc/pip.conf"
    echo "cert=/etc/ssl/certs/ca-certificates.crt" >> "$root/etc/pip.conf"
    touch "$root/.complete"
fi

build() { buildah bud --isolation chroot --network host --pull-never --format docker "$@"; }
stand_in() { # name, Dockerfile text on standard input
    podman image exists "$1" || build -q -t "$1" -f - "$work" >/dev/null
}

base=docker.io/library/python:$version-slim
podman image exists "$base" || tar -C "$root" -c . | podman import --quiet \
    --change 'CMD ["python3"]' --change 'ENV PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin' - "$base" >/dev/null
printf '#!/bin/sh\n[ "$1" = redis-server ] && set -- "$@" --protected-mode no\nexec "$@"\n' > "$work/redis-entry"
chmod 755 "$work/redis-entry"
stand_in docker.io/library/redis:7-alpine <<X1
FROM $base
COPY redis-entry /usr/local/bin/docker-entrypoint.sh
ENTRYPOINT ["docker-entrypoint.sh"]
CMD ["redis-server"]
X1
dynamodb=$(sed -n 's/^ *image: *\(amazon\/dynamodb-local:.*\)$/\1/p' "$project/docker-compose.yml")
printf '#!/bin/sh\nexec moto_server -H 0.0.0.0 -p 8000\n' > "$work/dynamodb-entry"
chmod 755 "$work/dynamodb-entry"
stand_in "docker.io/$dynamodb" <<X1
FROM $base
RUN python -m pip install --quiet 'moto[dynamodb,s3,server]>=5.2'
COPY dynamodb-entry /usr/local/bin/
ENTRYPOINT ["dynamodb-entry"]
X1

cd "$project"
for target in coordinator agent; do
    build -q --target "$target" -t "localhost/codereview/$target:latest" -t "docker.io/codereview/$target:latest" . >/dev/null
done
podman-compose --in-pod=0 up -d
