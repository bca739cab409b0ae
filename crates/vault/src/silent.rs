//! What must not be printed, logged or serialised does not compile once it can be.

/// Compiles as long as none of the types has one of the traits. Where one has, two implementations fit and the compiler
/// asks for type annotations: take the trait away from the type again.
#[macro_export]
macro_rules! assert_without {
    ($traits:tt: $($type:ty),+ $(,)?) => {
        $($crate::assert_without!(@each $type: $traits);)+
    };
    (@each $type:ty: [$($trait:path),+]) => {
        $(const _: fn() = || {
            trait Ambiguous<A> {
                fn look() {}
            }
            impl<T: ?Sized> Ambiguous<()> for T {}
            struct Has;
            impl<T: ?Sized + $trait> Ambiguous<Has> for T {}
            let _ = <$type as Ambiguous<_>>::look;
        };)+
    };
}

use std::fmt::{Debug, Display};

use noren_ledger::note::SignerKey;

use crate::book::LogKeys;
use crate::keys::Keyring;
use crate::seal::{IndexKey, Key, Plain, Subject, SubjectKey, WrappingKey};
use crate::wire::{Answer, Request};

assert_without!(
    [Debug, Display, Clone]: Plain, Key, SubjectKey, Subject, WrappingKey, IndexKey, Keyring, LogKeys, SignerKey, Request,
    Answer
);
