//! Questions and answers as bytes, one frame each: length (4 bytes, big-endian), version, kind, and what
//! belongs to it. Texts and sealed values stand behind their length in four bytes, lists behind theirs in one.
//!
//! Written by hand: what holds plaintext cannot be serialised by anything else.

mod answer;
mod bytes;
mod request;

use std::io::{self, Read, Write};

pub use self::answer::{Answer, Hello};
pub use self::request::Request;

/// First byte of every frame.
const VERSION: u8 = 2;
/// No frame is longer, in bytes: a proof about a much-read person is the longest there is.
pub const LONGEST: usize = 16 << 20;

/// Room for so many bytes is set aside before the first of a frame has come.
const FIRST: usize = 64 << 10;

/// Bytes that are no frame of this version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a frame that this version of the vault knows; shop and vault must be of the same version")]
pub struct NotAFrame;

impl From<NotAFrame> for io::Error {
    fn from(error: NotAFrame) -> Self {
        Self::new(io::ErrorKind::InvalidData, error)
    }
}

/// Writes one frame.
pub fn send(to: &mut impl Write, frame: &[u8]) -> io::Result<()> {
    let length = u32::try_from(frame.len()).ok().filter(|length| *length as usize <= LONGEST).ok_or(NotAFrame)?;
    // In one piece: two writes would be two packets, and two wake-ups on the other side.
    let mut whole = zeroize::Zeroizing::new(Vec::with_capacity(4 + frame.len()));
    whole.extend_from_slice(&length.to_be_bytes());
    whole.extend_from_slice(frame);
    to.write_all(&whole)?;
    // What lies in a buffer of TLS is not sent yet.
    to.flush()
}

/// Reads one frame; `None` if the other side has closed in good order.
pub fn receive(from: &mut impl Read) -> io::Result<Option<zeroize::Zeroizing<Vec<u8>>>> {
    let mut length = [0; 4];
    match from.read(&mut length)? {
        0 => return Ok(None),
        read => from.read_exact(&mut length[read..])?,
    }
    let length = u32::from_be_bytes(length) as usize;
    if length > LONGEST {
        return Err(NotAFrame.into());
    }
    let mut frame = zeroize::Zeroizing::new(Vec::with_capacity(length.min(FIRST)));
    // Room for what has come, not for what was promised. Growing by hand: what a vector leaves behind is not wiped.
    while frame.len() < length {
        if frame.len() == frame.capacity() {
            let mut larger = zeroize::Zeroizing::new(Vec::with_capacity(length.min(frame.len() * 2)));
            larger.extend_from_slice(&frame);
            frame = larger;
        }
        let (read, room) = (frame.len(), frame.capacity().min(length));
        frame.resize(room, 0);
        from.read_exact(&mut frame[read..])?;
    }
    Ok(Some(frame))
}

#[cfg(test)]
mod tests;
