# A machine of its own with a real systemd as PID 1: Debian's base in a folder, booted as a throw-away
# copy by systemd-nspawn. It shares this machine's loopback, so what listens here is reached in there.
# Sourced after lib.sh. `container_start` sets LEADER (its PID 1, seen from here); `inside` runs in it.

container_refused() { # why no container can be had here at all, if that is so
  [ "$(id -u)" = 0 ] || { echo "only root can boot a container"; return; }
  unshare --mount --pid --fork true 2>/dev/null || echo "this machine lets nobody make namespaces"
}

container_root() { # sets ROOT: built once, with this machine's own Debian and from where it installs
  local suite list="" made unit
  suite="$(. /etc/os-release; [ "$ID" != debian ] || echo "$VERSION_CODENAME")"; suite="${suite:-bookworm}"
  ROOT="$CACHE/debian-$suite-1"
  need systemd-nspawn systemd-container
  [ ! -e "$ROOT" ] || return 0
  need mmdebstrap mmdebstrap
  for made in /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list; do
    [ -n "$list" ] || [ ! -s "$made" ] || list="$made"
  done
  made="$ROOT.$$"; mkdir -p "$made"
  mmdebstrap --mode=root --variant=minbase --aptopt='Apt::Install-Recommends "false"' \
    --include=systemd,systemd-sysv,dbus,ca-certificates,procps \
    "$suite" "$made" ${list:+"$list"} </dev/null >"$WORK/mmdebstrap.log" 2>&1 ||
    { tail -n 5 "$WORK/mmdebstrap.log" >&2; rm -rf "$made"; die "no Debian root could be made"; }
  # They wait for hardware, a login, or a network of the container's own.
  for unit in getty.target console-getty.service systemd-networkd-wait-online.service systemd-logind.service \
    systemd-resolved.service apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer fstrim.timer; do
    ln -sf /dev/null "$made/etc/systemd/system/$unit"
  done
  printf '127.0.0.1 localhost\n::1 localhost\n' >"$made/etc/hosts"
  mkdir -p "$made/var/log/journal"
  mv -T "$made" "$ROOT"
}

find_leader() { # sets LEADER: the process that is 1 in there, and sees our folder
  local status pid
  for status in /proc/[0-9]*/status; do
    pid="${status#/proc/}"; pid="${pid%/status}"
    [ "$(awk '/^NSpid:/ { print NF "/" $NF }' "$status" 2>/dev/null)" = 3/1 ] || continue
    [ -d "/proc/$pid/root$WORK/container" ] && { LEADER="$pid"; return 0; }
  done
  return 1
}

inside() { nsenter -t "$LEADER" -m -u -i -n -p -C -- "$@"; }

is_booted() {
  find_leader || return 1
  case "$(inside systemctl is-system-running 2>/dev/null)" in running | degraded) ;; *) return 1 ;; esac
}

container_start() { # PLACE... : `FROM:TO` bound in read-only, `+FROM:TO` writable
  local place binds=(); container_root
  mkdir -p "$WORK/container"
  for place in "$@" "$WORK/container:$WORK/container"; do
    case "$place" in +*) binds+=("--bind=${place#+}") ;; *) binds+=("--bind-ro=$place") ;; esac
  done
  # Not `--ephemeral`: where nspawn is ended from outside, its copy would stay in the cache.
  cp -a --reflink=auto "$ROOT" "$WORK/root"
  spawn "$WORK" nspawn systemd-nspawn --quiet --directory="$WORK/root" --register=no --keep-unit \
    --link-journal=no --console=read-only "${binds[@]}" --boot -- --log-target=journal
  wait_for 60 is_booted || { tail -n 8 "$WORK/nspawn.log" >&2; die "the container does not boot"; }
  find_leader
}

container_stop() {
  [ -s "$WORK/nspawn.pid" ] || return 0
  # What systemd takes for "power off".
  if find_leader; then
    kill -s RTMIN+4 "$LEADER" 2>/dev/null || true
    is_off() { [ ! -d "/proc/$LEADER" ]; }; wait_for 20 is_off || true
  fi
  halt "$WORK" nspawn
}

unit_start() { # PLACE... : boots a container with the program and the unit as they are installed
  mkdir -p "$WORK/etc"; chmod 755 "$WORK/etc"
  container_start "$AFFINITYD:/usr/bin/affinityd" "+$WORK/etc:/etc/affinityd" \
    "$here/../../systemd/affinityd.service:/etc/systemd/system/affinityd.service" "$@"
}

unit_set() { # NAME LINE... : a drop-in for the unit; without lines it is taken away
  local name="$1" folder="/proc/$LEADER/root/etc/systemd/system/affinityd.service.d"; shift
  mkdir -p "$folder"
  if [ $# -gt 0 ]; then printf '%s\n' "$@" >"$folder/$name.conf"; else rm -f "$folder/$name.conf"; fi
  inside systemctl daemon-reload
}

unit_denials() { # what the journal tells of forbidden calls
  inside journalctl --no-pager -o short-monotonic -b |
    grep -E 'affinityd.*(Operation not permitted|os error 1\)|EPERM)|status=31/SYS|SECCOMP|SCMP' || true
}
