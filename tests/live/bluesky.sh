# The Bluesky network: PLC directory, PDS and AppView from npm, on Postgres and Redis from Debian.
# Sourced after lib.sh. `bluesky_start` writes $WORK/network/network.json with the ports.

bluesky_install() { # sets BLUESKY_MODULES: the folder that holds node_modules
  local pins="$1" headers
  need node nodejs; need npm npm
  node -e 'process.exit(+process.versions.node.split(".")[0] >= 20 ? 0 : 1)' || die "node 20 or later is needed"
  BLUESKY_MODULES="$CACHE/bluesky-$(cat "$pins"/package*.json | sha256sum | cut -c1-12)"
  [ -e "$BLUESKY_MODULES/.complete" ] && return 0
  say "installing the Bluesky network from npm: some minutes, once"
  need make make; need g++ g++
  rm -rf "$BLUESKY_MODULES"; mkdir -p "$BLUESKY_MODULES"
  cp "$pins"/package*.json "$BLUESKY_MODULES/"
  # One package compiles a part of itself. Node's own headers, where they are installed, save a download.
  headers="$(dirname "$(dirname "$(readlink -f "$(command -v node)")")")"
  [ ! -e "$headers/include/node/node.h" ] || export npm_config_nodedir="$headers"
  (cd "$BLUESKY_MODULES" && npm ci --no-audit --no-fund --no-update-notifier) >"$WORK/npm.log" 2>&1 ||
    { tail -n 15 "$WORK/npm.log" >&2; die "npm could not install the Bluesky network"; }
  touch "$BLUESKY_MODULES/.complete"
}

postgres_tools() { # the folder of the newest Postgres
  local tools=(/usr/lib/postgresql/*/bin/initdb)
  [ -x "${tools[-1]}" ] && dirname "${tools[-1]}"
}

bluesky_start() {
  local dir="$WORK/network" pins="$1" postgres_port redis_port tools
  bluesky_install "$pins"
  postgres_tools >/dev/null || need postgresql-is-missing postgresql
  need redis-server redis-server; tools="$(postgres_tools)"
  mkdir -p "$dir"; chmod 755 "$dir"; postgres_port="$(free_port)"; redis_port="$(free_port)"
  install -d -o postgres -m 700 "$dir/postgres"
  runuser -u postgres -- "$tools/initdb" -D "$dir/postgres" -A trust --no-sync -E UTF8 --locale=C.UTF-8 \
    >"$dir/initdb.log" 2>&1 || { tail -n 5 "$dir/initdb.log" >&2; die "no database"; }
  spawn "$dir" postgres runuser -u postgres -- "$tools/postgres" -D "$dir/postgres" -p "$postgres_port" \
    -h 127.0.0.1 -k '' -c fsync=off -c max_connections=200
  spawn "$dir" redis redis-server --bind 127.0.0.1 --port "$redis_port" --save '' --appendonly no --dir "$dir"
  wait_for 40 "$tools/pg_isready" -q -h 127.0.0.1 -p "$postgres_port" -U postgres ||
    { tail -n 5 "$dir/postgres.log" >&2; die "Postgres did not start"; }
  wait_for 20 listens "$redis_port" || die "Redis did not start"
  spawn "$dir" network node "$pins/network.mjs" "$BLUESKY_MODULES" "$dir" \
    "postgresql://postgres@127.0.0.1:$postgres_port/postgres" "127.0.0.1:$redis_port"
  wait_for 120 test -s "$dir/network.json" || { tail -n 15 "$dir/network.log" >&2; die "the Bluesky network did not start"; }
}

bluesky_stop() {
  local name; for name in network redis postgres; do halt "$WORK/network" "$name"; done
}
