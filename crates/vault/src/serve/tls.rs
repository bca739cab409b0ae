//! The door of a vault on another host: who shows no good certificate is a stranger.

use std::io;
use std::net::TcpStream;
use std::sync::Arc;

use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::watch::{Watch, Watched};
use super::{Door, converse};
use crate::tls::{Papers, attend};

/// How often a connection that stays open is asked whether its certificate is still good, in milliseconds.
const LOOK_AGAIN: u64 = 60_000;

/// What the vault shows at its port, and whom it takes for a shop.
pub(super) struct Port {
    pub(super) papers: Papers,
    pub(super) config: Arc<ServerConfig>,
}

/// Somebody at the port. Who it is they have yet to show.
pub(super) fn receive(door: &Arc<Door>, stream: TcpStream, port: &Arc<Port>) {
    // One whose host is gone must not stay for ever.
    if attend(&stream).is_err() {
        return;
    }
    let port = port.clone();
    door.hold(stream, false, move |at_door, stream| {
        let door = &at_door.door;
        let watch = Watch::new(&door.stopwatch, door.patience);
        let mut stream = Watched::new(stream, &watch);
        watch.begin();
        let Ok(connection) = greet(port.config.clone(), &mut stream) else {
            // Who is cut off because the vault closes may have been one of ours.
            if !door.is_closing() {
                door.turn_away();
            }
            return;
        };
        watch.rest();
        let shown = connection.peer_certificates().unwrap_or_default().to_vec();
        let mut looked = door.vault.now();
        // A connection must not outlive what it was let in with.
        let is_good = || {
            let now = door.vault.now();
            if now.abs_diff(looked) < LOOK_AGAIN {
                return true;
            }
            looked = now;
            port.papers.is_good_shop(&shown, now)
        };
        let mut stream = StreamOwned::new(connection, stream);
        if at_door.admit() {
            converse(door, &mut stream, &watch, is_good);
        }
        stream.conn.send_close_notify();
        let _ = stream.conn.write_tls(&mut stream.sock);
    });
}

/// Both sides show their certificates: all of it takes no longer than the vault's patience, however little the peer says
/// at a time.
fn greet(config: Arc<ServerConfig>, stream: &mut Watched<TcpStream>) -> io::Result<ServerConnection> {
    let mut connection = ServerConnection::new(config).map_err(io::Error::other)?;
    while connection.is_handshaking() {
        connection.complete_io(stream)?;
    }
    Ok(connection)
}

#[cfg(test)]
mod tests;
