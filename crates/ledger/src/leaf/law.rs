//! Which acts there can be. What stands in a leaf means something by itself; here is what must come
//! together, so that nobody can hide a read in a leaf that no report knows what to make of.

use super::{Actor, Deed, Detail, Fields, Kind, Outcome, Tag};

/// About whom a deed is.
enum Subject {
    /// About somebody if it was granted; a refused one may be about nobody, for there may be no such person.
    WhenGranted,
    Nobody,
    Either,
}

/// What goes with a kind.
#[allow(clippy::struct_excessive_bools, reason = "a table of yes and no")]
struct Law {
    subject: Subject,
    /// It has a purpose; else it has none.
    purpose: bool,
    /// It has fields, at least one unless it was refused; else it has none.
    fields: bool,
    /// It may have a reference.
    reference: bool,
    /// Its detail is one of these; it has none if there are none.
    details: &'static [Detail],
    /// Only the vault itself does it, and cannot be refused.
    vault: bool,
}

const fn law(kind: Kind) -> Law {
    use Detail::{Budget, Clock, Damaged, IndexKey, Limits, SigningKey, Stranger, TailCut, WrappingKey};
    use Subject::{Either, Nobody, WhenGranted};
    let plain = Law { subject: Nobody, purpose: false, fields: false, reference: true, details: &[], vault: false };
    match kind {
        Kind::Open => Law { subject: WhenGranted, purpose: true, fields: true, ..plain },
        Kind::Index => Law { purpose: true, fields: true, ..plain },
        Kind::Seal => Law { subject: WhenGranted, fields: true, reference: false, ..plain },
        Kind::Shred | Kind::Prove => Law { subject: WhenGranted, ..plain },
        Kind::Export => plain,
        Kind::Rotate => Law { details: &[WrappingKey, IndexKey, SigningKey], ..plain },
        Kind::Config => Law { details: &[Limits], ..plain },
        Kind::Alarm => {
            Law { subject: Either, details: &[Stranger, Budget, Clock, Damaged, TailCut], vault: true, ..plain }
        }
        Kind::Start | Kind::Stop => Law { reference: false, vault: true, ..plain },
    }
}

impl Deed {
    /// Whether there can be such a deed; `Err` names what does not go with its kind.
    pub fn judge(&self) -> Result<(), &'static str> {
        let law = law(self.kind);
        let granted = self.outcome == Outcome::Granted;
        let about_nobody = self.subject == Tag::NOBODY;
        let subject = match law.subject {
            Subject::WhenGranted => !(granted && about_nobody),
            Subject::Nobody => about_nobody,
            Subject::Either => true,
        };
        let fields = if law.fields { !granted || self.fields != Fields::NONE } else { self.fields == Fields::NONE };
        let detail = self.detail.map_or(law.details.is_empty(), |detail| law.details.contains(&detail));
        let rules = [
            ("outcome", granted || !law.vault),
            ("actor", self.actor == Actor::Vault || !law.vault),
            ("subject", subject),
            ("purpose", self.purpose.is_some() == law.purpose),
            ("fields", fields),
            ("reference", law.reference || self.reference == [0; 16]),
            ("detail", detail),
        ];
        rules.iter().find(|(_, kept)| !kept).map_or(Ok(()), |(what, _)| Err(*what))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::tests::{deed, leaf};
    use super::super::{Act, Field, Leaf, LeafError, Purpose};
    use super::*;
    use crate::Hash;

    /// A lawful deed of each kind, granted.
    pub fn lawful(kind: Kind) -> Deed {
        let opened = deed();
        let plain = Deed { kind, purpose: None, fields: Fields::NONE, reference: [0; 16], ..opened };
        let nobody = Deed { subject: Tag::NOBODY, count: 0, previous: Hash::ZERO, previous_at: 0, ..plain };
        match kind {
            Kind::Open => opened,
            Kind::Index => Deed { purpose: opened.purpose, fields: opened.fields, ..nobody },
            Kind::Seal => Deed { fields: opened.fields, ..plain },
            Kind::Shred | Kind::Prove => plain,
            Kind::Export => nobody,
            Kind::Rotate => Deed { detail: Some(Detail::IndexKey), ..nobody },
            Kind::Config => Deed { detail: Some(Detail::Limits), ..nobody },
            Kind::Alarm => Deed { detail: Some(Detail::Budget), actor: Actor::Vault, ..nobody },
            Kind::Start | Kind::Stop => Deed { actor: Actor::Vault, ..nobody },
        }
    }

    #[test]
    fn what_does_not_go_with_the_kind_is_no_leaf() {
        use Kind::{Alarm, Config, Export, Index, Open, Prove, Rotate, Seal, Shred, Start, Stop};
        // For every change the kinds that it is unlawful in; it is lawful in all others.
        type Change = fn(Deed) -> Deed;
        let about_nobody: Change =
            |deed| Deed { subject: Tag::NOBODY, count: 0, previous: Hash::ZERO, previous_at: 0, ..deed };
        let changes: [(&str, Change, &[Kind]); 10] = [
            ("outcome", |deed| Deed { outcome: Outcome::VaultFault, ..deed }, &[Alarm, Start, Stop]),
            ("actor", |deed| Deed { actor: Actor::Staff, ..deed }, &[Alarm, Start, Stop]),
            ("subject", about_nobody, &[Open, Seal, Shred, Prove]),
            (
                "subject",
                |deed| Deed { subject: Tag([7; 16]), count: 1, previous: Hash::ZERO, previous_at: 0, ..deed },
                &[Index, Export, Rotate, Config, Start, Stop],
            ),
            ("purpose", |deed| Deed { purpose: None, ..deed }, &[Open, Index]),
            (
                "purpose",
                |deed| Deed { purpose: Some(Purpose::Mail), ..deed },
                &[Seal, Shred, Prove, Export, Rotate, Alarm, Start, Stop, Config],
            ),
            ("fields", |deed| Deed { fields: Fields::NONE, ..deed }, &[Open, Index, Seal]),
            (
                "fields",
                |deed| Deed { fields: Fields::of(&[Field::Email]), ..deed },
                &[Shred, Prove, Export, Rotate, Alarm, Start, Stop, Config],
            ),
            ("reference", |deed| Deed { reference: [1; 16], ..deed }, &[Seal, Start, Stop]),
            ("detail", |deed| Deed { detail: None, ..deed }, &[Rotate, Alarm, Config]),
        ];
        for kind in Kind::ALL {
            let read = |deed: Deed| Leaf::decode(&leaf(1, Act::Deed(deed)).encode()).map(drop);
            assert_eq!(read(lawful(*kind)), Ok(()), "{kind:?}");
            for (at, (what, change, unlawful)) in changes.iter().enumerate() {
                let expected = if unlawful.contains(kind) { Err(LeafError::Unlawful(what)) } else { Ok(()) };
                assert_eq!(read(change(lawful(*kind))), expected, "{kind:?}, change {at}");
            }
            for detail in Detail::ALL {
                let goes = match kind {
                    Alarm => (1..=5).contains(&detail.code()),
                    Rotate => (6..=8).contains(&detail.code()),
                    Config => detail.code() == 9,
                    _ => false,
                };
                let expected = if goes { Ok(()) } else { Err(LeafError::Unlawful("detail")) };
                assert_eq!(read(Deed { detail: Some(*detail), ..lawful(*kind) }), expected, "{kind:?} {detail:?}");
            }
        }
    }

    #[test]
    fn what_was_refused_may_be_about_nobody_and_without_fields() {
        for kind in [Kind::Open, Kind::Seal, Kind::Shred, Kind::Prove] {
            let nobody = Deed { subject: Tag::NOBODY, count: 0, previous: Hash::ZERO, previous_at: 0, ..lawful(kind) };
            assert_eq!(nobody.judge(), Err("subject"));
            let refused = Deed { outcome: Outcome::NoSubject, fields: Fields::NONE, ..nobody };
            assert_eq!(refused.judge(), Ok(()));
        }
    }
}
