//! The parts that questions and answers are made of.

use noren_ledger::leaf::{Actor, Route};

use super::{NotAFrame, VERSION};
use crate::seal::Plain;
use crate::vault::Asker;

#[derive(Default)]
pub(super) struct Out(pub(super) zeroize::Zeroizing<Vec<u8>>);

impl Out {
    pub(super) fn put(&mut self, bytes: &[u8]) {
        // Growing by hand: what a vector leaves behind when it moves would not be wiped.
        let needed = self.0.len() + bytes.len();
        if needed > self.0.capacity() {
            let mut larger = zeroize::Zeroizing::new(Vec::with_capacity(needed.next_power_of_two().max(512)));
            larger.extend_from_slice(&self.0);
            self.0 = larger;
        }
        self.0.extend_from_slice(bytes);
    }

    pub(super) fn long(&mut self, bytes: &[u8]) {
        self.put(&u32::try_from(bytes.len()).expect("values are shorter than a frame").to_be_bytes());
        self.put(bytes);
    }

    pub(super) fn count(&mut self, list: usize) {
        self.put(&[u8::try_from(list).expect("a person has a handful of fields")]);
    }

    fn asker(&mut self, asker: &Asker) {
        self.put(&[asker.actor.code()]);
        self.put(&asker.id);
        self.put(&asker.request);
        self.put(asker.route.bytes());
    }

    pub(super) fn kind(kind: u8) -> Self {
        let mut out = Self::default();
        out.put(&[VERSION, kind]);
        out
    }

    /// A frame of this kind, with who asks.
    pub(super) fn asked(kind: u8, asker: &Asker) -> Self {
        let mut out = Self::kind(kind);
        out.asker(asker);
        out
    }
}

pub(super) struct In<'a>(pub(super) &'a [u8]);

impl<'a> In<'a> {
    pub(super) fn take(&mut self, count: usize) -> Result<&'a [u8], NotAFrame> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(NotAFrame)?;
        self.0 = rest;
        Ok(taken)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], NotAFrame> {
        self.take(N)?.try_into().map_err(|_| NotAFrame)
    }

    pub(super) fn byte(&mut self) -> Result<u8, NotAFrame> {
        Ok(self.array::<1>()?[0])
    }

    pub(super) fn long(&mut self) -> Result<&'a [u8], NotAFrame> {
        let length = u32::from_be_bytes(self.array()?);
        self.take(length as usize)
    }

    pub(super) fn text(&mut self) -> Result<&'a str, NotAFrame> {
        std::str::from_utf8(self.long()?).map_err(|_| NotAFrame)
    }

    pub(super) fn plain(&mut self) -> Result<Plain, NotAFrame> {
        self.text().map(|text| Plain::new(text.to_owned()))
    }

    pub(super) fn list<T>(
        &mut self,
        mut one: impl FnMut(&mut Self) -> Result<T, NotAFrame>,
    ) -> Result<Vec<T>, NotAFrame> {
        let count = self.byte()?;
        (0..count).map(|_| one(self)).collect()
    }

    pub(super) fn word<T>(&mut self, from: impl FnOnce(u8) -> Option<T>) -> Result<T, NotAFrame> {
        from(self.byte()?).ok_or(NotAFrame)
    }

    pub(super) fn asker(&mut self) -> Result<Asker, NotAFrame> {
        Ok(Asker {
            // Nobody who comes through the door is the vault itself, or says of themselves that they are none of ours.
            actor: self.word(Actor::from_code).and_then(|actor| match actor {
                Actor::Vault | Actor::Stranger => Err(NotAFrame),
                actor => Ok(actor),
            })?,
            id: self.array()?,
            request: self.array()?,
            route: Route::from_bytes(self.array()?).ok_or(NotAFrame)?,
        })
    }

    /// The kind of a frame of this version.
    pub(super) fn kind(&mut self) -> Result<u8, NotAFrame> {
        if self.byte()? == VERSION { self.byte() } else { Err(NotAFrame) }
    }

    pub(super) fn end<T>(self, whole: T) -> Result<T, NotAFrame> {
        if self.0.is_empty() { Ok(whole) } else { Err(NotAFrame) }
    }
}
