# A server with the Mastodon client API: PyPI's mastodon-mock, real HTTP, in memory.
# Sourced after lib.sh. `mastodon_start` sets MASTODON (its address) and writes $WORK/mastodon/tokens.json.
MASTODON_VERSION=0.6.1
MASTODON_PEOPLE="acmecoffee alice bob carol dave erin frank"

mastodon_install() {
  local venv="$CACHE/mastodon-mock-$MASTODON_VERSION"
  MASTODON_PROGRAM="$venv/bin/mastodon_mock"
  [ -x "$MASTODON_PROGRAM" ] && return 0
  mkdir -p "$CACHE"; rm -rf "$venv"
  python3 -m venv "$venv" 2>/dev/null || { need /usr/share/python-wheels python3-venv; python3 -m venv "$venv"; }
  "$venv/bin/pip" install -q --disable-pip-version-check "mastodon-mock==$MASTODON_VERSION" >&2 ||
    { rm -rf "$venv"; die "mastodon-mock $MASTODON_VERSION could not be installed from PyPI"; }
}

mastodon_start() {
  local dir="$WORK/mastodon" port who role
  mastodon_install; mkdir -p "$dir"; port="$(free_port)"
  { printf 'domain = "localhost:%s"\nurl_scheme = "http"\ntitle = "live test"\n' "$port"
    printf '[server]\nhost = "127.0.0.1"\nport = %s\n' "$port"
    printf '[auth]\npermissive = false\nenforce_scopes = true\n[faults]\nenabled = true\n'
    for who in $MASTODON_PEOPLE; do
      role=user; [ "$who" != acmecoffee ] || role=admin
      printf '[[seed.accounts]]\nusername = "%s"\naccess_token = "tok-%s"\nemail = "%s@mail.test"\nrole = "%s"\n' \
        "$who" "$who" "$who" "$role"
    done
  } >"$dir/config.toml"
  python3 -c 'import json, sys; print(json.dumps({n: "tok-" + n for n in sys.argv[1:]}))' $MASTODON_PEOPLE >"$dir/tokens.json"
  spawn "$dir" server "$MASTODON_PROGRAM" serve --config "$dir/config.toml" --in-memory \
    --host 127.0.0.1 --port "$port" --log-level warning
  wait_for 40 listens "$port" || { tail -n 5 "$dir/server.log" >&2; die "mastodon-mock did not start"; }
  MASTODON="http://localhost:$port"
}

mastodon_stop() { halt "$WORK/mastodon" server; }
