# Helpers of the live tests: start real servers on 127.0.0.1 only, and end them again.
# Sourced, never run. What is installed or downloaded stays in $CACHE; what a run writes is in $WORK.
set -euo pipefail
CACHE="${AFFINITYD_LIVE_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/affinityd-live}"
# Every server runs under timeout(1): it ends by itself even if nobody is left to stop it.
LIMIT="${AFFINITYD_LIVE_LIMIT:-1500}"

say() { printf '%s\n' "$*" >&2; }
die() { say "error: $*"; exit 2; }

work_dir() { # sets WORK: a fresh folder that service users can enter
  WORK="$(mktemp -d "${TMPDIR:-/tmp}/affinityd-live.XXXXXX")"; chmod 755 "$WORK"
}

need() { # PROBE PACKAGE... : install Debian packages unless PROBE (a command or a path) is there
  local probe="$1" policy=/usr/sbin/policy-rc.d made='' failed=0; shift
  if [[ "$probe" == /* ]]; then [ -e "$probe" ] && return 0; else command -v "$probe" >/dev/null && return 0; fi
  [ "$(id -u)" = 0 ] || die "$* is missing, and only root can install it"
  # Debian would start the packages' own services at once; ours are private ones.
  [ -e "$policy" ] || { printf '#!/bin/sh\nexit 101\n' >"$policy"; chmod 755 "$policy"; made=1; }
  { DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300 update &&
    DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 install --no-install-recommends "$@"
  } >"${WORK:-/tmp}/apt.log" 2>&1 || failed=1
  [ -z "$made" ] || rm -f "$policy"
  [ "$failed" = 0 ] || { tail -n 5 "${WORK:-/tmp}/apt.log" >&2; die "could not install $*"; }
}

free_port() { # a port of 127.0.0.1 that is free now
  python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

listens() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

greets() { # PORT : an SMTP server says hello there
  local line; exec 3<>"/dev/tcp/127.0.0.1/$1" && IFS= read -r -t 3 line <&3 && [[ "$line" == 220* ]]
}

wait_for() { # SECONDS COMMAND... : until the command succeeds
  local end=$((SECONDS + $1)); shift
  until "$@" >/dev/null 2>&1; do [ "$SECONDS" -lt "$end" ] || return 1; sleep 0.2; done
}

born() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20; }

spawn() { # DIR NAME COMMAND... : in the background, a process group of its own, its log in DIR/NAME.log
  local dir="$1" name="$2"; shift 2
  setsid timeout -k 10 "$LIMIT" "$@" >>"$dir/$name.log" 2>&1 </dev/null &
  printf '%s %s\n' "$!" "$(born "$!")" >"$dir/$name.pid"
  disown
}

halt() { # DIR NAME : ends what spawn started, and nothing else that may have got its number since
  local pid birth; [ -s "$1/$2.pid" ] || return 0
  read -r pid birth <"$1/$2.pid"; rm -f "$1/$2.pid"
  [ -n "$birth" ] && [ "$(born "$pid")" = "$birth" ] || return 0
  kill -TERM -- "-$pid" 2>/dev/null || return 0
  is_gone() { [ "$(born "$1")" != "$2" ]; }
  wait_for 10 is_gone "$pid" "$birth" || kill -KILL -- "-$pid" 2>/dev/null || true
}
