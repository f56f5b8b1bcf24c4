//! Only servers that can prove their name are talked to.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::Arc;

use affinityd::http::{Client, Config, Request, SendError, install_provider};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use url::Url;

use super::support::*;

fn fixture(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/http").join(name)
}

/// Serves "here" by TLS with that certificate of `secure.example`; its port.
fn serve(certificate: &str) -> u16 {
    install_provider();
    let chain = vec![CertificateDer::from_pem_file(fixture(certificate)).expect("a certificate")];
    let key = PrivateKeyDer::from_pem_file(fixture("leaf.key")).expect("a key");
    let config = rustls::ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .expect("they belong together");
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let tls = rustls::ServerConnection::new(config.clone()).expect("a connection");
            let mut tls = rustls::StreamOwned::new(tls, stream);
            // A client that distrusts us hangs up here; that is what is tested.
            if tls.read(&mut [0; 4096]).is_ok() {
                let _ = tls.write_all(&ok("here"));
                tls.conn.send_close_notify();
                let _ = tls.flush();
            }
        }
    });
    port
}

#[tokio::test]
async fn a_certificate_is_believed_if_its_issuer_name_and_dates_are_right() {
    let names = names(&[("secure.example", &["127.0.0.1"]), ("other.example", &["127.0.0.1"])]);
    for (case, certificate, host, knows_issuer, wanted) in [
        ("all is well", "leaf.pem", "secure.example", true, None),
        ("nobody knows the issuer", "leaf.pem", "secure.example", false, Some("not trusted")),
        ("another name", "leaf.pem", "other.example", true, Some("another name")),
        ("an address", "leaf.pem", "127.0.0.1", true, Some("another name")),
        ("long ago", "expired.pem", "secure.example", true, Some("expired")),
    ] {
        let config = Config { ca_file: knows_issuer.then(|| fixture("ca.pem")), ..config() };
        let client = Client::with_lookup(&config, names.clone()).expect("a client");
        let place = format!("{host}:{}", serve(certificate));
        let url = format!("https://{place}/");
        let request = with_token(Url::parse(&url).expect("a URL"));
        let access = to(&[&place]);
        match (client.send(&request, &access).await, wanted) {
            (Ok(reply), None) => assert_eq!(reply.body, b"here", "{case}"),
            (Err(SendError::Tls(said)), Some(wanted)) => {
                assert!(said.contains(wanted), "{case}: {said}");
            }
            (other, _) => panic!("{case}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_server_that_speaks_no_tls_is_recognised() {
    let plain = Server::start(|_| ok("here")).await;
    let url = Url::parse(&format!("https://127.0.0.1:{}/", plain.port)).expect("a URL");
    let error = client().send(&Request::get(url), &plain.access()).await;
    assert_eq!(error.map(|_| ()), Err(SendError::Tls("the server does not speak tls")));
}
