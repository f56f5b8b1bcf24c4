//! A scripted SMTP server: behaves until its script says otherwise, and keeps what it took.
#![expect(clippy::unwrap_used, reason = "a test stops where something is wrong")]

use std::collections::VecDeque;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use affinityd::mail::{Dial, Wire};
use lettre::transport::smtp::client::AsyncTokioStream;
use tokio::io::{
    AsyncBufRead, AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader, split,
};
use tokio::net::TcpListener;

/// A point of the dialogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    Banner,
    StartTls,
    Auth,
    Mail,
    /// Any recipient.
    Rcpt,
    /// This recipient.
    RcptOf(&'static str),
    /// The command.
    Data,
    /// In the middle of the mail.
    MidData,
    /// After the mail.
    End,
}

/// What the server does there instead of going on.
#[derive(Clone, Copy, Debug)]
pub enum Act {
    /// Answers this.
    Say(&'static str),
    /// Says nothing more.
    Stall,
    /// Closes the connection.
    Drop,
    /// Keeps the mail, then closes the connection without an answer.
    TakeAndDrop,
    /// Keeps the mail, then says nothing more.
    TakeAndStall,
}

/// A mail that was taken.
#[derive(Clone, Debug)]
pub struct Received {
    pub to: String,
    pub bytes: String,
}

impl Received {
    /// Its Message-ID.
    pub fn id(&self) -> &str {
        let line = self.bytes.lines().find(|l| l.starts_with("Message-ID: ")).expect("has an id");
        line["Message-ID: <".len()..].trim_end_matches('>')
    }
}

type Script = Vec<(At, Act)>;

#[derive(Default)]
pub struct Sink {
    mails: Mutex<Vec<Received>>,
    next: Mutex<VecDeque<Script>>,
    always: Mutex<Script>,
    is_down: Mutex<bool>,
    asked: Mutex<Vec<tokio::time::Instant>>,
    logins: AtomicUsize,
    goodbyes: AtomicUsize,
    at_data: tokio::sync::Notify,
}

impl Sink {
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// The next connection without a script plays this one.
    pub fn play(&self, script: Script) {
        self.next.lock().unwrap().push_back(script);
    }

    /// Every connection without a script of its own plays this one.
    pub fn always(&self, script: Script) {
        *self.always.lock().unwrap() = script;
    }

    /// Refuses connections (in-memory way only).
    pub fn set_down(&self, is_down: bool) {
        *self.is_down.lock().unwrap() = is_down;
    }

    pub fn mails(&self) -> Vec<Received> {
        self.mails.lock().unwrap().clone()
    }

    /// When a connection was asked for, refused ones included.
    pub fn asked(&self) -> Vec<tokio::time::Instant> {
        self.asked.lock().unwrap().clone()
    }

    pub fn logins(&self) -> usize {
        self.logins.load(Ordering::SeqCst)
    }

    /// How many clients said goodbye.
    pub fn goodbyes(&self) -> usize {
        self.goodbyes.load(Ordering::SeqCst)
    }

    /// Waits until a client has begun to send a mail.
    pub async fn in_data(&self) {
        self.at_data.notified().await;
    }

    /// Listens on a free port of the loopback interface.
    pub async fn listen(self: &Arc<Self>) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let sink = self.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let script = sink.script();
                tokio::spawn(sink.clone().serve(stream, script));
            }
        });
        port
    }

    /// A way to this server that needs no sockets, and so obeys a paused clock.
    pub fn dial(self: &Arc<Self>) -> Dial {
        let sink = self.clone();
        Box::new(move || {
            let sink = sink.clone();
            Box::pin(async move {
                let script = sink.script();
                if *sink.is_down.lock().unwrap() {
                    return Err(io::ErrorKind::ConnectionRefused.into());
                }
                let (ours, theirs) = tokio::io::duplex(64 * 1024);
                tokio::spawn(sink.serve(theirs, script));
                Ok(Box::new(Wire::new(ours)) as Box<dyn AsyncTokioStream>)
            })
        })
    }

    fn script(&self) -> Script {
        self.asked.lock().unwrap().push(tokio::time::Instant::now());
        let next = self.next.lock().unwrap().pop_front();
        next.unwrap_or_else(|| self.always.lock().unwrap().clone())
    }

    async fn serve<S: AsyncRead + AsyncWrite + Send>(self: Arc<Self>, stream: S, script: Script) {
        let (reader, writer) = split(stream);
        // A client that hangs up is not this server's failure.
        let _ = self.talk(BufReader::new(reader), writer, &script).await;
    }

    async fn talk<R, W>(&self, mut reader: R, mut writer: W, script: &Script) -> io::Result<()>
    where
        R: AsyncBufRead + Unpin + Send,
        W: AsyncWrite + Unpin + Send,
    {
        if !act(script, &[At::Banner], &mut writer, "220 sink ESMTP").await? {
            return Ok(());
        }
        let mut to = String::new();
        let mut line = String::new();
        loop {
            line.clear();
            if reader.read_line(&mut line).await? == 0 {
                return Ok(());
            }
            let command = line.trim_end();
            let word = command.get(..4).unwrap_or(command).to_ascii_uppercase();
            let (points, answer): (&[At], &str) = match word.as_str() {
                "EHLO" => (&[], "250-sink\r\n250-STARTTLS\r\n250 AUTH PLAIN LOGIN"),
                "STAR" => (&[At::StartTls], "502 not here"),
                "AUTH" => {
                    self.logins.fetch_add(1, Ordering::SeqCst);
                    (&[At::Auth], "235 welcome")
                }
                "MAIL" => (&[At::Mail], "250 ok"),
                "RCPT" => {
                    to = command["RCPT TO:<".len()..].trim_end_matches('>').to_owned();
                    (&[At::Rcpt], "250 ok")
                }
                "DATA" => (&[At::Data], "354 go on"),
                "QUIT" => {
                    self.goodbyes.fetch_add(1, Ordering::SeqCst);
                    (&[], "221 bye")
                }
                _ => (&[], "250 ok"),
            };
            let one: [At; 1];
            let points = match script.iter().find(|(at, _)| matches!(at, At::RcptOf(w) if *w == to))
            {
                Some((at, _)) if word == "RCPT" => {
                    one = [*at];
                    &one
                }
                _ => points,
            };
            if !act(script, points, &mut writer, answer).await? || word == "QUIT" {
                return Ok(());
            }
            if word == "DATA"
                && !find(script, &[At::Data])
                && !self.mail(&mut reader, &mut writer, script, &to).await?
            {
                return Ok(());
            }
        }
    }

    /// Takes a mail. False if the connection is to end.
    async fn mail<R, W>(
        &self,
        reader: &mut R,
        writer: &mut W,
        script: &Script,
        to: &str,
    ) -> io::Result<bool>
    where
        R: AsyncBufRead + Unpin + Send,
        W: AsyncWrite + Unpin + Send,
    {
        self.at_data.notify_one();
        let mut bytes = String::new();
        loop {
            let start = bytes.len();
            if reader.read_line(&mut bytes).await? == 0 {
                return Ok(false);
            }
            if find(script, &[At::MidData]) && !act(script, &[At::MidData], writer, "").await? {
                return Ok(false);
            }
            if &bytes[start..] == ".\r\n" {
                bytes.truncate(start);
                break;
            }
            if bytes[start..].starts_with('.') {
                bytes.remove(start);
            }
        }
        let takes = script
            .iter()
            .all(|(at, act)| *at != At::End || matches!(act, Act::TakeAndDrop | Act::TakeAndStall));
        if takes {
            self.mails.lock().unwrap().push(Received { to: to.to_owned(), bytes });
        }
        act(script, &[At::End], writer, "250 taken").await
    }
}

fn find(script: &Script, points: &[At]) -> bool {
    script.iter().any(|(at, _)| points.contains(at))
}

/// Plays what the script says for a point, or answers. False if the connection is to end.
async fn act<W: AsyncWrite + Unpin>(
    script: &Script,
    points: &[At],
    writer: &mut W,
    answer: &str,
) -> io::Result<bool> {
    let said = match script.iter().find(|(at, _)| points.contains(at)) {
        None => answer,
        Some((_, Act::Say(said))) => said,
        Some((_, Act::Stall | Act::TakeAndStall)) => std::future::pending().await,
        Some((_, Act::Drop | Act::TakeAndDrop)) => return Ok(false),
    };
    writer.write_all(format!("{said}\r\n").as_bytes()).await?;
    writer.flush().await?;
    Ok(!said.starts_with("421"))
}
