//! The words of a leaf, each a small number that never changes its meaning.

/// A closed set of words with their codes, so that writing and reading cannot part.
macro_rules! words {
    ($(#[$about:meta])* $name:ident { $($(#[$doc:meta])* $word:ident = $code:literal $name_of:literal,)+ }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name {
            $($(#[$doc])* $word,)+
        }

        impl $name {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$word,)+];

            /// Its number in a leaf.
            pub const fn code(self) -> u8 {
                match self {
                    $(Self::$word => $code,)+
                }
            }

            /// The word as reports for people who audit have it.
            pub const fn word(self) -> &'static str {
                match self {
                    $(Self::$word => $name_of,)+
                }
            }

            /// The word with this number.
            pub const fn from_code(code: u8) -> Option<Self> {
                match code {
                    $($code => Some(Self::$word),)+
                    _ => None,
                }
            }
        }
    };
}

words! {
    /// What was asked. Codes 8, 10 and 11 are no deeds, see [`Act`](super::Act).
    Kind {
        /// Sealed data were to be opened.
        Open = 1 "open",
        /// The blind index of a value was to be computed: somebody was looked for.
        Index = 2 "index",
        /// Data were to be sealed.
        Seal = 3 "seal",
        /// The key of a person was to be destroyed.
        Shred = 4 "shred",
        /// All that stands here about a person was to be proven.
        Prove = 5 "prove",
        /// The ledger was to be written out.
        Export = 6 "export",
        /// A key of the vault was to be replaced; the detail says which one.
        Rotate = 7 "rotate",
        /// Something happened that the owner should look at; the detail says what.
        Alarm = 9 "alarm",
        /// The vault was started.
        Start = 12 "start",
        /// The vault was stopped in good order.
        Stop = 13 "stop",
        /// A setting was to be changed; the detail says which one.
        Config = 14 "config",
    }
}

words! {
    /// What data are opened for. The vault knows which fields and which reference each one needs.
    Purpose {
        /// A mail is sent; the reference is its number in the outbox.
        Mail = 1 "mail",
        /// A parcel is sent; the reference is the shipment.
        Ship = 2 "ship",
        /// Somebody looks at an order; the reference is the order.
        OrderView = 3 "order-view",
        /// Staff answer a question; the reference is the ticket.
        Support = 4 "support",
        /// A person looks at what they gave themselves.
        SelfView = 5 "self-view",
        /// Somebody signs in or registers.
        Login = 6 "login",
        /// Data leave in a file; the reference is the ticket that two people signed.
        Export = 7 "export",
        /// People are told of an incident; the reference is the incident.
        Notice = 8 "notice",
        /// The list of canaries is looked through.
        CanaryCheck = 9 "canary-check",
        /// An order is placed; the reference is the checkout.
        Checkout = 10 "checkout",
    }
}

words! {
    /// How it ended.
    Outcome {
        /// As asked.
        Granted = 0 "granted",
        /// The purpose allows no such field.
        FieldRefused = 1 "field-refused",
        /// The purpose needs a reference, or another one.
        ReferenceRefused = 2 "reference-refused",
        /// More people at once than may be.
        TooManySubjects = 3 "too-many-subjects",
        /// The actor has asked for as much as the budget allows.
        OverBudget = 4 "over-budget",
        /// There is no such person, or their key was destroyed.
        NoSubject = 5 "no-subject",
        /// The sealed bytes do not open.
        Damaged = 6 "damaged",
        /// The process that connected is not the shop.
        CallerRefused = 7 "caller-refused",
        /// This kind of actor may not use this purpose.
        ActorRefused = 8 "actor-refused",
        /// The vault itself could not.
        VaultFault = 9 "vault-fault",
    }
}

words! {
    /// Who asked.
    Actor {
        /// The vault itself.
        Vault = 1 "vault",
        /// A job of the shop, with nobody behind it.
        Shop = 2 "shop",
        /// Somebody who is not signed in.
        Guest = 3 "guest",
        /// A customer.
        Customer = 4 "customer",
        /// A member of staff.
        Staff = 5 "staff",
        /// Who runs the shop's machine, by the command line.
        Operator = 6 "operator",
        /// A process that is none of ours.
        Stranger = 7 "stranger",
    }
}

words! {
    /// What an alarm, a change of keys or a change of settings is about; no other kind has one.
    Detail {
        /// In an alarm: somebody who is not the shop has asked.
        Stranger = 1 "stranger",
        /// In an alarm: somebody has asked for more than their budget.
        Budget = 2 "budget",
        /// In an alarm: the clock has jumped.
        Clock = 3 "clock",
        /// In an alarm: sealed bytes do not open.
        Damaged = 4 "damaged",
        /// In an alarm: half a leaf at the end, as a power cut leaves it, was cut off.
        TailCut = 5 "tail-cut",
        /// In a change of keys: the key that wraps the keys of the subjects.
        WrappingKey = 6 "wrapping-key",
        /// In a change of keys: the key of the blind indexes.
        IndexKey = 7 "index-key",
        /// In a change of keys: the key that signs the checkpoints.
        SigningKey = 8 "signing-key",
        /// In a change of settings: the limits of what may be opened.
        Limits = 9 "limits",
    }
}

/// How surely a leaf was on the disk before the answer left. Stands in no leaf: it follows from the deed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Class {
    /// It was written through to the disk first.
    Strict,
    /// It was handed to the disk first, and written through with the next group.
    Relaxed,
}

impl Class {
    /// The class of a deed: relaxed is what people do with their own data, and sealing, which tells nobody
    /// anything. Everything else is strict, and every refusal.
    pub const fn of(kind: Kind, purpose: Option<Purpose>, outcome: Outcome, actor: Actor) -> Self {
        let own = match (kind, purpose) {
            (Kind::Seal, _)
            | (Kind::Open | Kind::Index, Some(Purpose::SelfView | Purpose::Login | Purpose::Checkout)) => true,
            (Kind::Open, Some(Purpose::OrderView)) => matches!(actor, Actor::Guest | Actor::Customer),
            _ => false,
        };
        if own && matches!(outcome, Outcome::Granted) { Self::Relaxed } else { Self::Strict }
    }
}

words! {
    /// One kind of personal data. The code is the bit in the mask.
    Field {
        /// E-mail address.
        Email = 0 "email",
        /// Full name.
        Name = 1 "name",
        /// Name in kana.
        Kana = 2 "kana",
        /// 〒, seven digits.
        PostalCode = 3 "postal-code",
        /// City, ward, town.
        City = 4 "city",
        /// Street and number.
        Street = 5 "street",
        /// Building and room.
        Building = 6 "building",
        /// Phone number.
        Phone = 7 "phone",
        /// What the giver of a gift wrote to its receiver.
        GiftMessage = 8 "gift-message",
    }
}

/// A set of fields.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Fields(u16);

impl Fields {
    /// None.
    pub const NONE: Self = Self(0);

    /// These.
    pub fn of(fields: &[Field]) -> Self {
        Self(fields.iter().fold(0, |mask, field| mask | 1 << field.code()))
    }

    /// As bits, the first field lowest.
    pub const fn mask(self) -> u16 {
        self.0
    }

    /// The fields of a mask; `None` if it has bits that no field has.
    pub fn from_mask(mask: u16) -> Option<Self> {
        (mask & !Self::of(Field::ALL).0 == 0).then_some(Self(mask))
    }

    /// Whether `field` is among them.
    pub const fn has(self, field: Field) -> bool {
        self.0 >> field.code() & 1 == 1
    }

    /// Whether all of these are among `others`.
    pub const fn within(self, others: Self) -> bool {
        self.0 & !others.0 == 0
    }

    /// They, in their order.
    pub fn iter(self) -> impl Iterator<Item = Field> {
        Field::ALL.iter().copied().filter(move |field| self.has(*field))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_read_as_it_was_written_and_no_code_means_two() {
        let mut codes = Vec::new();
        for kind in Kind::ALL {
            assert_eq!(Kind::from_code(kind.code()), Some(*kind));
            codes.push(kind.code());
        }
        assert_eq!(codes, [1, 2, 3, 4, 5, 6, 7, 9, 12, 13, 14], "what is written in old ledgers keeps its meaning");
        assert_eq!(Purpose::ALL.iter().map(|word| word.code()).collect::<Vec<_>>(), (1..=10).collect::<Vec<_>>());
        assert_eq!(Outcome::ALL.iter().map(|word| word.code()).collect::<Vec<_>>(), (0..=9).collect::<Vec<_>>());
        assert_eq!(Actor::ALL.iter().map(|word| word.code()).collect::<Vec<_>>(), (1..=7).collect::<Vec<_>>());
        assert_eq!(Detail::ALL.iter().map(|word| word.code()).collect::<Vec<_>>(), (1..=9).collect::<Vec<_>>());
        assert_eq!(Field::ALL.iter().map(|word| word.code()).collect::<Vec<_>>(), (0..=8).collect::<Vec<_>>());
        assert!([0, 8, 10, 11, 15].iter().all(|code| Kind::from_code(*code).is_none()));
        assert_eq!((Purpose::from_code(0), Detail::from_code(0)), (None, None));
    }

    #[test]
    fn relaxed_is_only_what_people_do_with_their_own_data_and_what_is_sealed() {
        for kind in Kind::ALL {
            for purpose in Purpose::ALL.iter().copied().map(Some).chain([None]) {
                for actor in Actor::ALL {
                    let own = match purpose {
                        Some(Purpose::SelfView | Purpose::Login | Purpose::Checkout) => {
                            matches!(kind, Kind::Open | Kind::Index)
                        }
                        Some(Purpose::OrderView) => {
                            *kind == Kind::Open && matches!(actor, Actor::Guest | Actor::Customer)
                        }
                        _ => false,
                    };
                    for outcome in Outcome::ALL {
                        let relaxed = *outcome == Outcome::Granted && (own || *kind == Kind::Seal);
                        let class = Class::of(*kind, purpose, *outcome, *actor);
                        assert_eq!(class == Class::Relaxed, relaxed, "{kind:?} {purpose:?} {outcome:?} {actor:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_set_of_fields_is_a_mask_and_back() {
        let set = Fields::of(&[Field::Phone, Field::Email]);
        assert_eq!((set.mask(), set.iter().collect::<Vec<_>>()), (0x81, vec![Field::Email, Field::Phone]));
        assert_eq!(Fields::from_mask(0x81), Some(set));
        assert_eq!(Fields::from_mask(0x200), None, "a field of a later version");
        assert!(set.within(Fields::of(Field::ALL)) && !set.within(Fields::of(&[Field::Email])));
    }
}
