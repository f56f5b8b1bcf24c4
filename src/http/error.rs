//! Why a request brought no reply, in words that are safe to log, store and mail.
//!
//! Everything said here is a fixed text: no URL, host, header or server's word can slip in, and so
//! no token either.

use std::error::Error;
use std::io;

use super::guard::{Blocked, NotFound};

/// Why there is no reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// It took too long.
    #[error("no answer in time")]
    Timeout,
    /// No connection; says why.
    #[error("no connection: {0}")]
    Connect(&'static str),
    /// No trust; says why.
    #[error("tls: {0}")]
    Tls(&'static str),
    /// The head or the decompressed body is larger than allowed.
    #[error("the reply is too large")]
    TooLarge,
    /// Not sent, or not followed, on purpose; says why. Repeating it will not help.
    #[error("refused: {0}")]
    Refused(&'static str),
    /// What came is no proper HTTP; says what.
    #[error("broken reply: {0}")]
    Protocol(&'static str),
}

impl SendError {
    /// Whether the same request may work later without anybody changing anything.
    pub fn is_passing(self) -> bool {
        !matches!(self, Self::Refused(_) | Self::TooLarge)
    }

    /// The class of whatever reqwest ran into, without its words.
    pub(super) fn of(error: &reqwest::Error) -> Self {
        let mut next: Option<&(dyn Error + 'static)> = Some(error);
        let mut found = None;
        while let Some(cause) = next {
            if let Some(known) = known(cause) {
                found = Some(known);
            }
            next = match cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
                // `source` of a wrapped io::Error skips the error it wraps.
                Some(inner) => Some(inner),
                None => cause.source(),
            };
        }
        // The deepest cause that we know says most.
        if let Some(found) = found {
            return found;
        }
        if error.is_timeout() {
            Self::Timeout
        } else if error.is_connect() {
            Self::Connect("the connection could not be made")
        } else if error.is_decode() {
            Self::Protocol("the body cannot be decoded")
        } else if error.is_builder() {
            Self::Refused("the request cannot be written down")
        } else {
            Self::Protocol("the connection broke off")
        }
    }
}

fn known(cause: &(dyn Error + 'static)) -> Option<SendError> {
    if cause.is::<Blocked>() {
        return Some(SendError::Refused(Blocked::SAID));
    }
    if cause.is::<NotFound>() {
        return Some(SendError::Connect("the host name is not known"));
    }
    if let Some(tls) = cause.downcast_ref::<rustls::Error>() {
        return Some(SendError::Tls(tls_said(tls)));
    }
    if let Some(http) = cause.downcast_ref::<hyper::Error>() {
        return if http.is_parse_too_large() {
            Some(SendError::TooLarge)
        } else if http.is_parse() {
            Some(SendError::Protocol("this is not HTTP"))
        } else if http.is_incomplete_message() {
            Some(SendError::Protocol("the connection was closed too early"))
        } else {
            None
        };
    }
    let io = cause.downcast_ref::<io::Error>()?;
    Some(match io.kind() {
        io::ErrorKind::TimedOut => SendError::Timeout,
        io::ErrorKind::ConnectionRefused => SendError::Connect("nobody listens there"),
        io::ErrorKind::NetworkUnreachable => SendError::Connect("the network cannot be reached"),
        io::ErrorKind::HostUnreachable => SendError::Connect("the host cannot be reached"),
        io::ErrorKind::ConnectionReset => SendError::Connect("the connection was reset"),
        _ => return None,
    })
}

fn tls_said(error: &rustls::Error) -> &'static str {
    use rustls::CertificateError as C;
    match error {
        rustls::Error::InvalidCertificate(why) => match why {
            C::Expired | C::ExpiredContext { .. } => "the certificate has expired",
            C::NotValidYet | C::NotValidYetContext { .. } => "the certificate is not valid yet",
            C::NotValidForName | C::NotValidForNameContext { .. } => {
                "the certificate is for another name"
            }
            C::UnknownIssuer => "the issuer of the certificate is not trusted",
            C::Revoked => "the certificate is revoked",
            _ => "the certificate is not accepted",
        },
        rustls::Error::AlertReceived(_) => "the server refused the handshake",
        rustls::Error::PeerIncompatible(_) => "no common protocol version or cipher",
        rustls::Error::InvalidMessage(_) => "the server does not speak tls",
        _ => "the handshake went wrong",
    }
}
