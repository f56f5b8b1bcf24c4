//! Which addresses may be asked: public ones, and the host that the config itself names.
//!
//! A feed or a redirect must not be able to point the daemon at its own machine or network. The
//! addresses are checked where they are used, as the connector resolves a name, so that a name
//! cannot mean one address when checked and another when connected to.
//!
//! Behind a proxy the proxy resolves names. Only addresses written as such can be checked then;
//! what names may resolve to is the proxy's own access list.

use std::collections::BTreeSet;
use std::fmt;
use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

/// What a look-up finds.
pub type Found = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>>;

/// Finds the addresses of a name. The system's resolver, unless a test brings its own.
pub trait Lookup: Send + Sync + 'static {
    /// All addresses of that name.
    fn lookup(&self, name: String) -> Found;
}

/// Asks the system.
#[derive(Clone, Copy, Debug, Default)]
pub struct System;

impl Lookup for System {
    fn lookup(&self, name: String) -> Found {
        Box::pin(async move {
            Ok(tokio::net::lookup_host((name, 0)).await?.map(|at| at.ip()).collect())
        })
    }
}

/// None of the addresses of a name may be asked.
#[derive(Debug)]
pub(super) struct Blocked;

impl Blocked {
    pub(super) const SAID: &'static str = "the address is not a public one";
}

impl fmt::Display for Blocked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Self::SAID)
    }
}

impl std::error::Error for Blocked {}

/// A name has no address.
#[derive(Debug)]
pub(super) struct NotFound;

impl fmt::Display for NotFound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no such host")
    }
}

impl std::error::Error for NotFound {}

/// reqwest's door to a [`Lookup`].
pub(super) struct Door {
    lookup: Arc<dyn Lookup>,
    /// `None`: private addresses may pass. Else only public ones and those of these names.
    except: Option<BTreeSet<String>>,
}

impl Door {
    /// Lets public addresses pass, and any address of the proxies.
    pub(super) fn guarded(lookup: Arc<dyn Lookup>, proxies: BTreeSet<String>) -> Self {
        Self { lookup, except: Some(proxies) }
    }

    /// Lets every address pass that a name of one's own network can have.
    pub(super) fn open(lookup: Arc<dyn Lookup>) -> Self {
        Self { lookup, except: None }
    }
}

impl Resolve for Door {
    fn resolve(&self, name: Name) -> Resolving {
        let name = name.as_str().to_ascii_lowercase();
        let guarded = self.except.as_ref().is_some_and(|names| !names.contains(&name));
        let lookup = self.lookup.lookup(name);
        Box::pin(async move {
            let mut all = lookup.await.map_err(|_| NotFound)?;
            if all.is_empty() {
                return Err(NotFound.into());
            }
            all.retain(|ip| if guarded { is_public(*ip) } else { !is_nobodys(*ip) });
            if all.is_empty() {
                return Err(Blocked.into());
            }
            let all: Addrs = Box::new(all.into_iter().map(|ip| SocketAddr::new(ip, 0)));
            Ok(all)
        })
    }
}

/// Whether `url` is on the host the config names: `host` or `host:port`, in any case, an IPv6
/// address with or without brackets. A host without a port means the usual ones: whoever names a
/// web site on this machine has not let the database beside it be asked.
pub(super) fn is_named(url: &Url, named: &str) -> bool {
    let Some(host) = url.host() else { return false };
    let same = |text: &str| parse_host(text).is_some_and(|parsed| parsed == host.to_owned());
    if same(named) {
        return matches!(url.port_or_known_default(), Some(80 | 443));
    }
    named
        .rsplit_once(':')
        .is_some_and(|(name, port)| same(name) && port.parse().ok() == url.port_or_known_default())
}

fn parse_host(text: &str) -> Option<Host> {
    match text.parse::<Ipv6Addr>() {
        Ok(ip) => Some(Host::Ipv6(ip)),
        Err(_) => Host::parse(text).ok(),
    }
}

/// Whether the address a URL is written with may be asked. Names are let through: they are checked
/// when they are resolved. Decimal, octal and short forms are addresses to `url` already.
pub(super) fn is_public_literal(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => is_public(ip.into()),
        Some(Host::Ipv6(ip)) => is_public(ip.into()),
        Some(Host::Domain(_)) => true,
        None => false,
    }
}

/// Whether an address is on the public internet.
///
/// From the IANA special-purpose registries (RFC 6890 and its updates). IPv6 is the other way
/// round: only 2000::/3 is given out, and parts of it are excepted. An address of the well-known
/// NAT64 prefix is judged by the IPv4 address in it, or IPv6-only networks would see nothing.
pub fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

/// Whether an address can never be what a name means: link-local, where clouds keep their
/// credentials, or none at all. Names are told by their owners, and the owner of a configured host
/// need not be the admin of this machine.
fn is_nobodys(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => ip.is_link_local() || ip.octets()[0] == 0 || ip.octets()[0] >= 224,
        IpAddr::V6(ip) => {
            ip.is_unspecified() || ip.is_multicast() || ip.segments()[0] & 0xffc0 == 0xfe80
        }
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    !matches!(
        (a, b, c),
        (0 | 10 | 127 | 224..=255, _, _) // this host, private, loopback, multicast, reserved
            | (100, 64..=127, _) // carrier-grade NAT
            | (169, 254, _) // link-local, where clouds keep their credentials
            | (172, 16..=31, _)
            | (192, 168, _)
            | (192, 0, 0 | 2) // protocol assignments, documentation
            | (192, 88, 99) // 6to4 relays
            | (198, 18 | 19, _) // benchmarks
            | (198, 51, 100)
            | (203, 0, 113)
    )
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    let s = ip.segments();
    if s[..6] == [0x64, 0xff9b, 0, 0, 0, 0] {
        let [.., a, b, c, d] = ip.octets();
        return is_public_v4(Ipv4Addr::new(a, b, c, d));
    }
    let given_out = s[0] & 0xe000 == 0x2000;
    let excepted = matches!(
        (s[0], s[1]),
        (0x2001, 0..=0x1ff) // protocol assignments, Teredo among them
            | (0x2001, 0xdb8) // documentation
            | (0x2002, _) // 6to4
            | (0x3fff, 0..=0xfff) // documentation
    );
    given_out && !excepted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_pass() {
        for (text, wanted) in [
            ("8.8.8.8", true),
            ("100.63.255.255", true),
            ("100.128.0.0", true),
            ("172.15.0.1", true),
            ("172.32.0.1", true),
            ("192.0.1.1", true),
            ("223.255.255.255", true),
            ("0.0.0.0", false),
            ("0.1.2.3", false),
            ("10.1.2.3", false),
            ("100.64.0.1", false),
            ("100.127.255.255", false),
            ("127.0.0.1", false),
            ("127.255.255.254", false),
            ("169.254.169.254", false),
            ("172.16.0.1", false),
            ("172.31.255.255", false),
            ("192.0.0.8", false),
            ("192.0.2.1", false),
            ("192.88.99.1", false),
            ("192.168.0.1", false),
            ("198.18.0.1", false),
            ("198.19.255.255", false),
            ("198.51.100.1", false),
            ("203.0.113.1", false),
            ("224.0.0.1", false),
            ("255.255.255.255", false),
            ("2606:4700::1111", true),
            ("2001:4860:4860::8888", true),
            ("64:ff9b::808:808", true),
            ("64:ff9b::7f00:1", false),
            ("64:ff9b:1::808:808", false),
            ("::", false),
            ("::1", false),
            ("::ffff:127.0.0.1", false),
            ("::ffff:8.8.8.8", false),
            ("::127.0.0.1", false),
            ("fe80::1", false),
            ("fec0::1", false),
            ("fd00::1", false),
            ("fc00::1", false),
            ("ff02::1", false),
            ("2001::1", false),
            ("2001:db8::1", false),
            ("2002:7f00:1::1", false),
            ("3fff::1", false),
            ("100::1", false),
        ] {
            let ip: IpAddr = text.parse().expect("a row is an address");
            assert_eq!(is_public(ip), wanted, "{text}");
        }
    }

    #[test]
    fn some_addresses_are_no_names_own() {
        for (text, wanted) in [
            ("169.254.169.254", true),
            ("::ffff:169.254.169.254", true),
            ("fe80::1", true),
            ("0.0.0.0", true),
            ("::", true),
            ("255.255.255.255", true),
            ("ff02::1", true),
            ("127.0.0.1", false),
            ("192.168.1.5", false),
            ("fd00::1", false),
            ("8.8.8.8", false),
        ] {
            assert_eq!(is_nobodys(text.parse().expect("an address")), wanted, "{text}");
        }
    }

    #[test]
    fn other_spellings_of_loopback_are_seen_through() {
        for text in [
            "http://127.0.0.1/",
            "http://2130706433/",
            "http://0x7f000001/",
            "http://0177.0.0.1/",
            "http://127.1/",
            "http://0/",
            "http://127.0.0.1./",
            "http://[::ffff:7f00:1]/",
            "http://[::1]/",
            "http://①②⑦.0.0.1/",
        ] {
            let url = Url::parse(text).expect("a row is a URL");
            assert!(!is_public_literal(&url), "{text}");
        }
    }

    #[test]
    fn a_host_is_named_by_its_name_or_with_its_port() {
        for (url, named, wanted) in [
            ("https://Social.Example/x", "social.example", true),
            ("http://social.example/x", "social.example", true),
            ("https://social.example/x", "SOCIAL.example:443", true),
            ("https://social.example:8443/x", "social.example:443", false),
            ("https://social.example:8443/x", "social.example", false),
            ("https://social.example/x", "example", false),
            ("https://social.example.evil.example/x", "social.example", false),
            ("http://127.0.0.1/", "127.0.0.1", true),
            ("http://127.0.0.1:8080/", "127.0.0.1", false),
            ("http://127.0.0.1:8080/", "127.0.0.1:8080", true),
            ("http://2130706433:8080/", "127.0.0.1:8080", true),
            ("http://[::1]/", "::1", true),
            ("http://[::1]:8080/", "[::1]:8080", true),
            ("http://127.0.0.2/", "127.0.0.1", false),
        ] {
            let parsed = Url::parse(url).expect("a row is a URL");
            assert_eq!(is_named(&parsed, named), wanted, "{url} {named:?}");
        }
    }
}
