//! A scope as text: the one that there is, so that two can be compared byte for byte.

use std::fmt::{self, Write};

use super::{Gap, Moment, Person, Scope, Touched, Verdict};
use crate::Hash;
use crate::leaf::{Field, Tag};
use crate::note::VerifierKey;

/// What it takes to compute a scope again, beside the question and an export.
#[derive(Clone, Copy, Debug)]
pub struct Repeat<'k> {
    /// The log's keys, the one that it began with first.
    pub keys: &'k [VerifierKey],
    /// Those who have cosigned the checkpoint, as they were asked.
    pub witnesses: &'k [VerifierKey],
}

/// As 64 hexadecimal digits, as `sha256sum` has them.
struct Hex<'h>(&'h Hash);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Grade => write!(f, "grade-c"),
            Self::KeysExposed(since) => write!(f, "keys-exposed {since}"),
            Self::BeginsLate(at) => write!(f, "begins-late {at}"),
            Self::Crash(from, to) => write!(f, "crash {from} {to}"),
            Self::Alarm(from, to) => write!(f, "alarm {from} {to}"),
            Self::EndsEarly(at) => write!(f, "ends-early {at}"),
            Self::CosignedLate(after) => write!(f, "cosigned-late {after}"),
        }
    }
}

impl fmt::Display for Touched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { verdict, times } = self;
        f.write_str(verdict.word())?;
        if matches!(verdict, Verdict::Read | Verdict::ViaProcessor) {
            write!(f, "/{}/{}/{}", times.count, Moment(times.first), Moment(times.last))?;
        }
        Ok(())
    }
}

impl Scope {
    /// The text, as `docs/LEDGER.md` describes it.
    pub fn text(&self, repeat: Repeat) -> String {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = self.write(&mut text, repeat);
        text
    }

    fn write(&self, to: &mut String, repeat: Repeat) -> fmt::Result {
        let Self { checkpoint, window, .. } = self;
        writeln!(to, "noren-ledger-scope v1")?;
        writeln!(to, "incident {}", self.incident)?;
        writeln!(to, "question {}", Hex(&self.digest))?;
        writeln!(to, "window {} {}", window.from(), window.to())?;
        writeln!(to, "log {}", checkpoint.origin)?;
        writeln!(to, "checkpoint {} {}", checkpoint.size, checkpoint.root)?;
        writeln!(to, "signed {}", self.signer)?;
        writeln!(to, "proven {} {}", self.proven.0, self.proven.1)?;
        for (witness, since) in repeat.witnesses.iter().zip(&self.cosigned) {
            writeln!(to, "cosigned {witness} {since}")?;
        }
        writeln!(to, "grade {}", self.grade.letter())?;
        for gap in &self.gaps {
            writeln!(to, "gap {gap}")?;
        }
        for copied in &self.copied {
            writeln!(to, "copied {}", copied.word())?;
        }
        for processor in &self.processors {
            let purposes: Vec<&str> = processor.purposes.iter().map(|purpose| purpose.word()).collect();
            let (name, window) = (&processor.name, processor.window);
            writeln!(to, "processor {name} {} {} {}", purposes.join(","), window.from(), window.to())?;
        }
        writeln!(to, "leaves {}", self.leaves)?;
        for ((kind, outcome), count) in &self.acts {
            writeln!(to, "acts {} {} {count}", kind.word(), outcome.word())?;
        }
        writeln!(to, "subjects {}", self.people.len())?;
        let others = self.others();
        for (tag, person) in &self.people {
            line(to, *tag, person, others)?;
        }
        writeln!(to, "others {}", others.word())?;
        write!(to, "repeat noren ledger scope --incident INCIDENT --dir EXPORT --size {}", checkpoint.size)?;
        for key in repeat.keys {
            write!(to, " --key {key}")?;
        }
        for witness in repeat.witnesses {
            write!(to, " --witness {witness}")?;
        }
        writeln!(to, " --expect SCOPE")
    }
}

fn line(to: &mut String, tag: Tag, person: &Person, others: Verdict) -> fmt::Result {
    write!(to, "subject {tag}")?;
    for field in Field::ALL {
        write!(to, " {}={}", field.word(), person.touched(*field, others))?;
    }
    writeln!(to)
}
