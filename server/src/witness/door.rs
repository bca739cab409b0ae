//! A witness' listener: no connection stays for ever, whether its peer says nothing, or little at a time, or does not read.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::serve::Listener;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Sleep, sleep};

/// Longer than any request may take; a shop that asks again after it connects anew.
const LIFE: Duration = Duration::from_mins(1);

/// A listener whose connections end when their time is over.
pub struct Door {
    listener: TcpListener,
    life: Duration,
}

impl Door {
    /// At this listener.
    pub fn at(listener: TcpListener) -> Self {
        Self { listener, life: LIFE }
    }
}

impl Listener for Door {
    type Io = Guest;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Guest, SocketAddr) {
        let (stream, address) = Listener::accept(&mut self.listener).await;
        (Guest { stream, over: Box::pin(sleep(self.life)) }, address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// A connection, for as long as it may stay.
pub struct Guest {
    stream: TcpStream,
    over: Pin<Box<Sleep>>,
}

impl Guest {
    /// Nothing is waited for when its time is over.
    fn end<T>(&mut self, context: &mut Context<'_>, answer: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if answer.is_pending() && self.over.as_mut().poll(context).is_ready() {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        answer
    }
}

impl AsyncRead for Guest {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let read = Pin::new(&mut self.stream).poll_read(context, bytes);
        self.end(context, read)
    }
}

impl AsyncWrite for Guest {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.end(context, written)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(context);
        self.end(context, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    /// Asks like this, and reads until the connection has ended.
    async fn heard(life: Duration, said: &str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().route("/", get(|| async { "cosigned" }));
        let serving = tokio::spawn(axum::serve(Door { listener, life }, router).into_future());
        let mut guest = TcpStream::connect(address).await.unwrap();
        guest.write_all(said.as_bytes()).await.unwrap();
        let mut heard = Vec::new();
        let _ = guest.read_to_end(&mut heard).await;
        serving.abort();
        String::from_utf8(heard).unwrap()
    }

    #[tokio::test]
    async fn who_stays_for_too_long_is_shown_out_whatever_they_said() {
        let short = Duration::from_millis(20);
        for said in ["", "GET / HTTP/1.1\r\nhost: w", "GET / HTTP/1.1\r\nhost: w.example\r\n\r\n"] {
            let answered = heard(short, said).await.contains("cosigned");
            assert!(!answered || said.ends_with("\r\n\r\n"), "{said:?}");
        }
        let whole = "GET / HTTP/1.1\r\nhost: w.example\r\nconnection: close\r\n\r\n";
        assert!(heard(LIFE, whole).await.ends_with("cosigned"), "who asks at once is answered");
    }
}
