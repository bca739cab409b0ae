//! The door of a vault on another host: who shows no good certificate is a stranger.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::{Door, converse};
use crate::tls::attend;

/// Somebody at the port. Who it is they have yet to show.
pub(super) fn receive(door: &Arc<Door>, stream: TcpStream, config: &Arc<ServerConfig>) {
    // A peer that does not read must not keep the vault from closing, and one whose host is gone not stay for ever.
    if stream.set_write_timeout(Some(door.patience)).and_then(|()| attend(&stream)).is_err() {
        return;
    }
    let config = config.clone();
    door.hold(stream, false, move |at_door, stream| {
        let door = &at_door.door;
        let Ok(connection) = greet(door, config, &stream) else {
            // Who is cut off because the vault closes may have been one of ours.
            if !door.is_closing() {
                door.turn_away();
            }
            return;
        };
        let mut stream = StreamOwned::new(connection, stream);
        if at_door.admit() {
            converse(door, &mut stream);
        }
        stream.conn.send_close_notify();
        let _ = stream.conn.write_tls(&mut stream.sock);
    });
}

/// Both sides show their certificates.
fn greet(door: &Door, config: Arc<ServerConfig>, stream: &TcpStream) -> io::Result<ServerConnection> {
    let mut connection = ServerConnection::new(config).map_err(io::Error::other)?;
    let mut entering = Entering { door, stream, since: door.vault.now() };
    while connection.is_handshaking() {
        connection.complete_io(&mut entering)?;
    }
    stream.set_read_timeout(None)?;
    Ok(connection)
}

/// A connection whose peer is not known yet: however little it says at a time, all of it takes no longer than the
/// vault's patience.
struct Entering<'a> {
    door: &'a Door,
    stream: &'a TcpStream,
    since: u64,
}

impl Read for Entering<'_> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let gone = Duration::from_millis(self.door.vault.now().saturating_sub(self.since));
        let left = self.door.patience.checked_sub(gone).filter(|left| !left.is_zero());
        // What the system says then is no end to rustls, but a reason to try again.
        let over = || io::Error::from(io::ErrorKind::TimedOut);
        self.stream.set_read_timeout(Some(left.ok_or_else(over)?))?;
        self.stream.read(bytes).map_err(|error| if error.kind() == io::ErrorKind::WouldBlock { over() } else { error })
    }
}

impl Write for Entering<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

#[cfg(test)]
mod tests;
