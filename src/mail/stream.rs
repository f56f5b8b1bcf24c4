//! The byte streams under an SMTP dialogue.
//!
//! lettre opens its own sockets without TCP_NODELAY and sends the end of a mail apart from the mail,
//! which costs 40 ms each on a kernel that delays its acknowledgements. So the socket is opened
//! here; the dialogue and all of TLS stay lettre's.

use std::fmt::Debug;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_util::io::{AsyncRead as FuturesRead, AsyncWrite as FuturesWrite};
use lettre::transport::smtp;
#[expect(deprecated, reason = "the only door to lettre's TLS for a socket of our own")]
use lettre::transport::smtp::client::AsyncNetworkStream;
use lettre::transport::smtp::client::{AsyncTokioStream, TlsParameters};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// A plain stream to a mail server, fit to be turned into TLS by STARTTLS.
#[derive(Debug)]
pub struct Wire<S> {
    stream: S,
    /// Between `STARTTLS` and the handshake only single bytes are read. lettre keeps its read
    /// buffer across the handshake: an answer slipped in before it would count as said under TLS.
    in_single_bytes: bool,
}

impl<S> Wire<S> {
    /// Wraps a connected stream.
    pub fn new(stream: S) -> Self {
        Self { stream, in_single_bytes: false }
    }
}

impl Wire<TcpStream> {
    /// Connects to the first address of the host that answers.
    ///
    /// # Errors
    /// Of name resolution, or of the last address tried.
    pub async fn connect(host: &str, port: u16) -> io::Result<Self> {
        let stream = TcpStream::connect((host, port)).await?;
        stream.set_nodelay(true)?;
        Ok(Self::new(stream))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Wire<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.in_single_bytes {
            return Pin::new(&mut self.stream).poll_read(cx, buf);
        }
        let mut one = [0; 1];
        let mut single = ReadBuf::new(&mut one);
        ready!(Pin::new(&mut self.stream).poll_read(cx, &mut single))?;
        buf.put_slice(single.filled());
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Wire<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.in_single_bytes = bytes.starts_with(b"STARTTLS");
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

impl<S: AsyncRead + AsyncWrite + Debug + Send + Sync + Unpin> AsyncTokioStream for Wire<S> {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

/// A stream that is TLS from its first byte (port 465).
#[derive(Debug)]
#[expect(deprecated, reason = "see the import")]
pub(super) struct Secured(AsyncNetworkStream);

impl Secured {
    /// Does the handshake.
    #[expect(deprecated, reason = "see the import")]
    pub(super) async fn over(
        stream: Box<dyn AsyncTokioStream>,
        tls: TlsParameters,
    ) -> Result<Self, smtp::Error> {
        let mut stream = AsyncNetworkStream::use_existing_tokio1(stream);
        stream.upgrade_tls(tls).await?;
        Ok(Self(stream))
    }
}

impl AsyncRead for Secured {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let read = ready!(Pin::new(&mut self.0).poll_read(cx, buf.initialize_unfilled()))?;
        buf.advance(read);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Secured {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_close(cx)
    }
}

impl AsyncTokioStream for Secured {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, duplex};

    use super::*;

    #[tokio::test]
    async fn nothing_waits_for_an_acknowledgement() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        let wire = Wire::connect("127.0.0.1", at.port()).await.unwrap();
        assert!(wire.stream.nodelay().unwrap(), "40 ms a mail, see the top of this file");
    }

    #[tokio::test]
    async fn what_is_said_before_the_handshake_is_not_kept_for_after_it() {
        let (mut server, client) = duplex(1024);
        server.write_all(b"220 go\r\n250 slipped in\r\n").await.unwrap();
        // The reader lettre has around its stream.
        let mut reader = BufReader::new(Wire::new(client));
        reader.get_mut().write_all(b"STARTTLS\r\n").await.unwrap();
        let mut line = String::new();
        reader.read_line(&mut line).await.unwrap();
        assert_eq!((line.as_str(), reader.buffer()), ("220 go\r\n", &b""[..]));
        let mut rest = [0; 64];
        reader.get_mut().write_all(b"\x16 hello").await.unwrap();
        let read = reader.get_mut().read(&mut rest).await.unwrap();
        assert_eq!(&rest[..read], b"250 slipped in\r\n", "the handshake meets it, and fails");
    }
}
