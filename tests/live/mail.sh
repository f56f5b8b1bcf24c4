# A mail server: Postfix with a submission port (STARTTLS and AUTH required; Dovecot checks the
# passwords) that delivers to a Maildir per address. Its certificate is for localhost, by a private CA.
# Sourced after lib.sh. `mail_start` sets MAIL_PORT, MAIL_CA and MAIL_BOXES; the login is
# affinityd@mail.test / right-password. Addresses: care@ boss@ test@mail.test; any other is refused.
MAIL_ADDRESSES="care boss test"
MAIL_USER=affinityd@mail.test
MAIL_PASSWORD=right-password

mail_certificates() { # DIR
  ( cd "$1"
    openssl req -x509 -newkey rsa:2048 -nodes -days 30 -keyout ca.key -out ca.pem -subj '/CN=live test CA' \
      -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign
    openssl req -newkey rsa:2048 -nodes -keyout server.key -out server.csr -subj /CN=localhost
    openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 30 -out server.pem \
      -extfile <(printf 'subjectAltName=DNS:localhost\nextendedKeyUsage=serverAuth\n')
  ) 2>"$1/openssl.log" || { tail -5 "$1/openssl.log" >&2; die "no certificate"; }
  chmod 600 "$1"/*.key
}

mail_config() { # DIR
  local dir="$1" box uid gid; uid="$(id -u nobody)"; gid="$(id -g nobody)"
  mkdir -p "$dir/postfix" "$dir/queue" "$dir/data" "$dir/boxes" "$dir/dovecot"
  chown postfix "$dir/data"; chown "$uid:$gid" "$dir/boxes"
  cat >"$dir/postfix/main.cf" <<END
compatibility_level = 3.6
queue_directory = $dir/queue
data_directory = $dir/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
maillog_file = $dir/postfix.log
maillog_file_prefixes = $dir
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mail.test
mydestination =
alias_maps =
alias_database =
local_recipient_maps =
virtual_mailbox_domains = mail.test
virtual_mailbox_maps = texthash:$dir/postfix/boxes
virtual_mailbox_base = $dir/boxes
virtual_uid_maps = static:$uid
virtual_gid_maps = static:$gid
default_transport = error:no mail leaves this machine
relay_transport = error:no mail leaves this machine
smtpd_tls_cert_file = $dir/server.pem
smtpd_tls_key_file = $dir/server.key
smtpd_tls_security_level = encrypt
smtpd_tls_auth_only = yes
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = $dir/dovecot/auth
smtpd_sasl_security_options = noanonymous
smtpd_client_restrictions = permit_sasl_authenticated, reject
smtpd_recipient_restrictions = reject_unauth_destination
END
  for box in $MAIL_ADDRESSES; do printf '%s@mail.test %s/\n' "$box" "$box"; done >"$dir/postfix/boxes"
  cat >"$dir/postfix/master.cf" <<END
127.0.0.1:$MAIL_PORT inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
proxymap unix - - n - - proxymap
tlsmgr unix - - n 1000? 1 tlsmgr
error unix - - n - - error
retry unix - - n - - error
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
END
  printf '%s:{PLAIN}%s\n' "$MAIL_USER" "$MAIL_PASSWORD" >"$dir/dovecot/users"
  chmod 644 "$dir/dovecot/users"
  cat >"$dir/dovecot/dovecot.conf" <<END
base_dir = $dir/dovecot/run
state_dir = $dir/dovecot/run
protocols =
listen = 127.0.0.1
log_path = $dir/dovecot.log
ssl = no
auth_mechanisms = plain login
passdb {
  driver = passwd-file
  args = $dir/dovecot/users
}
userdb {
  driver = static
  args = uid=$uid gid=$gid home=$dir/boxes
}
service auth {
  unix_listener $dir/dovecot/auth {
    mode = 0666
  }
}
END
}

mail_start() {
  local dir="$WORK/mail"
  need /usr/lib/postfix/sbin/smtpd postfix; need dovecot dovecot-core; need openssl openssl
  mkdir -p "$dir"; MAIL_PORT="$(free_port)"; MAIL_CA="$dir/ca.pem"; MAIL_BOXES="$dir/boxes"
  mail_certificates "$dir"; mail_config "$dir"
  spawn "$dir" dovecot dovecot -F -c "$dir/dovecot/dovecot.conf"
  postfix -c "$dir/postfix" check 2>>"$dir/postfix.err" || true
  spawn "$dir" postfix postfix -c "$dir/postfix" start-fg
  { wait_for 30 greets "$MAIL_PORT" && wait_for 30 test -S "$dir/dovecot/auth"; } ||
    { tail -n 5 "$dir"/*.log >&2; die "the mail server did not start"; }
}

mail_stop() {
  [ -d "$WORK/mail/postfix" ] || return 0
  postfix -c "$WORK/mail/postfix" stop >/dev/null 2>&1 || true
  halt "$WORK/mail" postfix; halt "$WORK/mail" dovecot
}
