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
    /// What was asked. Code 10 is a leaf of heads, see [`Act::Heads`](super::Act::Heads).
    Kind {
        /// Sealed data were opened.
        Open = 1 "open",
        /// The blind index of a value was computed: somebody was looked for.
        Index = 2 "index",
        /// Data were sealed.
        Seal = 3 "seal",
        /// The key of a person was destroyed.
        Shred = 4 "shred",
        /// Something was refused.
        Deny = 5 "deny",
        /// Something happened that the owner should look at.
        Alarm = 6 "alarm",
        /// A key or a limit was changed.
        Config = 7 "config",
        /// The vault was started.
        Start = 8 "start",
        /// The vault was stopped in good order.
        Stop = 9 "stop",
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
        Done = 0 "done",
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
        /// The caller is not the shop.
        Stranger = 7 "stranger",
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
    /// How surely a leaf was on the disk before the answer left.
    Class {
        /// It was written through to the disk first.
        Strict = 1 "strict",
        /// It was handed to the disk first, and written through within 50 ms.
        Relaxed = 2 "relaxed",
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
        assert_eq!(codes, [1, 2, 3, 4, 5, 6, 7, 8, 9], "what is written in old ledgers keeps its meaning");
        assert_eq!(Purpose::ALL.iter().map(|word| word.code()).collect::<Vec<_>>(), (1..=10).collect::<Vec<_>>());
        assert_eq!(Outcome::ALL.iter().map(|word| word.code()).collect::<Vec<_>>(), (0..=7).collect::<Vec<_>>());
        assert_eq!(Field::ALL.iter().map(|word| word.code()).collect::<Vec<_>>(), (0..=8).collect::<Vec<_>>());
        assert_eq!((Kind::from_code(0), Kind::from_code(10), Purpose::from_code(0)), (None, None, None));
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
