//! Limits of the HTTP client, its proxy, its extra roots and how it names itself.

use std::path::PathBuf;
use std::time::Duration;

use url::Url;

use crate::model::Time;
use crate::settings::Section;

/// Which way requests leave the machine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Proxy {
    /// As `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` say.
    #[default]
    System,
    /// Straight to the servers, whatever the environment says.
    Direct,
    /// Through this one, but for the hosts listed with it (names, `.suffixes`, addresses, networks).
    Through(Url, Vec<String>),
}

/// Section `[http]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Longest time for name look-up, connection and TLS handshake together.
    pub connect: Duration,
    /// Longest silence while waiting for or reading a reply.
    pub read: Duration,
    /// Longest time for one request, redirects and body included.
    pub total: Duration,
    /// Most bytes of a body, counted after decompression.
    pub max_body: usize,
    /// The way out.
    pub proxy: Proxy,
    /// PEM bundle of roots that are trusted beside the system's.
    pub ca_file: Option<PathBuf>,
    /// Where the operators of a server can complain: an address or a page, sent in `User-Agent`.
    pub contact: Option<String>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            read: Duration::from_secs(15),
            total: Duration::from_secs(30),
            max_body: 8 << 20,
            proxy: Proxy::System,
            ca_file: None,
            contact: None,
        }
    }
}

impl Config {
    /// Reads `connect-timeout`, `read-timeout`, `total-timeout`, `proxy`, `no-proxy`, `ca-file` and
    /// `contact`.
    pub fn read(section: &Section<'_>) -> Self {
        let base = Self::default();
        let time = |key, base: Duration| {
            let millis = i64::try_from(base.as_millis()).unwrap_or(i64::MAX);
            let read = section.duration(key, Time::SECOND..5 * Time::MINUTE + 1, millis);
            Duration::from_millis(u64::try_from(read).unwrap_or_default())
        };
        Self {
            connect: time("connect-timeout", base.connect),
            read: time("read-timeout", base.read),
            total: time("total-timeout", base.total),
            max_body: base.max_body,
            proxy: read_proxy(section),
            ca_file: section.path("ca-file").map(|p| p.value),
            contact: read_contact(section),
        }
    }
}

fn read_proxy(section: &Section<'_>) -> Proxy {
    let except: Vec<String> = section.strings("no-proxy").into_iter().map(|p| p.value).collect();
    let Some(text) = section.string("proxy") else { return Proxy::System };
    match text.value.as_str() {
        "system" => return Proxy::System,
        "none" => return Proxy::Direct,
        _ => {}
    }
    let help = "write \"http://proxy.example:3128\", \"system\" or \"none\"";
    match Url::parse(&text.value) {
        // The value is not repeated: whoever writes a password here must not find it in a log.
        Ok(url) if !url.username().is_empty() || url.password().is_some() => section.reject(
            text.span,
            "`proxy` must not hold a password",
            "set `proxy = \"system\"` and put it into HTTPS_PROXY, in a root-only EnvironmentFile",
        ),
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => {
            return Proxy::Through(url, except);
        }
        Ok(_) => section.reject(text.span, "only http and https proxies are supported", help),
        Err(why) => section.reject(text.span, format!("`proxy` is no address: {why}"), help),
    }
    Proxy::System
}

fn read_contact(section: &Section<'_>) -> Option<String> {
    let text = section.string("contact")?;
    let fits = !text.value.is_empty() && text.value.len() <= 200;
    if fits && text.value.chars().all(|c| c.is_ascii_graphic() && !matches!(c, '(' | ')')) {
        return Some(text.value);
    }
    section.reject(
        text.span,
        "`contact` must be one address in plain ASCII, without spaces or brackets",
        "write a page or a mail address that the operators of a server can turn to",
    );
    None
}

#[cfg(test)]
mod tests {
    use toml::de::DeTable;

    use super::*;
    use crate::settings::Findings;

    fn read(toml: &str) -> (Config, Vec<String>) {
        let findings = Findings::default();
        let table = DeTable::parse(toml).expect("test input is TOML");
        let config = Config::read(&Section::root(&table, &findings));
        (config, findings.take().into_iter().map(|f| f.message).collect())
    }

    #[test]
    fn every_key_is_read() {
        let (config, said) = read(
            "connect-timeout = \"1s\"\nread-timeout = \"2s\"\ntotal-timeout = \"1m\"\n\
             proxy = \"http://proxy.example:3128\"\nno-proxy = [\".example\"]\n\
             ca-file = \"/etc/ca.pem\"\ncontact = \"https://acme.example/bots\"\n",
        );
        assert!(said.is_empty(), "{said:?}");
        let proxy = Url::parse("http://proxy.example:3128").expect("a URL");
        assert_eq!(
            config,
            Config {
                connect: Duration::from_secs(1),
                read: Duration::from_secs(2),
                total: Duration::from_secs(60),
                max_body: 8 << 20,
                proxy: Proxy::Through(proxy, vec![".example".to_owned()]),
                ca_file: Some("/etc/ca.pem".into()),
                contact: Some("https://acme.example/bots".to_owned()),
            }
        );
        assert_eq!(read(""), (Config::default(), Vec::new()));
    }

    #[test]
    fn what_cannot_work_is_said_without_repeating_a_password() {
        for (toml, wanted) in [
            ("proxy = \"http://u:c4n4ry@proxy.example\"", "must not hold a password"),
            ("proxy = \"socks5://proxy.example\"", "only http and https"),
            ("proxy = \"proxy\"", "`proxy` is no address"),
            ("contact = \"two words\"", "`contact` must be one address"),
            ("contact = \"a\\r\\nx: y\"", "`contact` must be one address"),
            ("total-timeout = \"1h\"", "out of bounds"),
        ] {
            let (config, said) = read(toml);
            assert_eq!(config, Config::default(), "{toml}");
            assert!(said.len() == 1 && said[0].contains(wanted), "{toml}: {said:?}");
            assert!(!said[0].contains("c4n4ry"), "{said:?}");
        }
    }
}
