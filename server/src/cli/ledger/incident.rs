//! The file in which an incident stands that `noren ledger scope` is asked about: TOML, described in
//! `docs/LEDGER.md`. All that is wrong with it is said at once.

use std::collections::BTreeSet;
use std::fmt::{self, Display};

use noren_ledger::Hash;
use noren_ledger::leaf::{Actor, Purpose, Route};
use noren_ledger::scope::{Attacker, Civil, Copied, Grade, Moment, Processor, Question, Window};
use toml::value::Offset;
use toml::{Table, Value};

/// What is wrong with the file.
#[derive(Debug, PartialEq, Eq)]
pub struct IncidentFaults(pub Vec<String>);

impl Display for IncidentFaults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("\n  "))
    }
}

impl std::error::Error for IncidentFaults {}

/// Reads the file.
pub fn read(bytes: &[u8]) -> Result<Question, IncidentFaults> {
    let one = |fault: String| IncidentFaults(vec![fault]);
    let text = std::str::from_utf8(bytes).map_err(|_| one("it is no text in UTF-8".to_owned()))?;
    let table = text.parse::<Table>().map_err(|error| {
        let line = error.span().map_or(0, |span| text[..span.start].matches('\n').count()) + 1;
        one(format!("line {line}: {}", error.message()))
    })?;
    let mut faults = Vec::new();
    let mut file = Part { name: "", table, faults: &mut faults };
    let incident = file.need("incident", Part::name);
    let grade = file.need("grade", |file, key| {
        let letters = "A, B or C";
        file.word(key, letters, |word| Grade::ALL.into_iter().find(|grade| grade.letter() == word))
    });
    if !file.table.contains_key("window") {
        file.faults.push("[window] is missing; write it with from and to".to_owned());
    }
    let window = file.part("window").and_then(|table| {
        let mut part = Part { name: "window.", table, faults: &mut *file.faults };
        let window = part.window();
        part.end(&["from", "to"]);
        window
    });
    let attacker = file.part("attacker").map(|table| {
        let mut part = Part { name: "attacker.", table, faults: &mut *file.faults };
        let attacker = Attacker {
            actors: part.words("actors", "actor ids of 32 hexadecimal digits", hex),
            kinds: part.words("kinds", &format!("any of {}", list(Actor::ALL, Actor::word)), |word| {
                Actor::ALL.iter().copied().find(|kind| kind.word() == word)
            }),
            requests: part.words("requests", "requests of 16 hexadecimal digits", hex),
            routes: part.words("routes", "routes of at most 16 printable characters", |word| {
                Some(Route::new(word)).filter(|route| !word.is_empty() && route.name() == word)
            }),
            builds: part.words("builds", "builds of 8 hexadecimal digits", |word| hex(word).map(u32::from_be_bytes)),
        };
        part.end(&["actors", "kinds", "requests", "routes", "builds"]);
        attacker
    });
    let suspected = file.part("suspected").map(|table| {
        let mut part = Part { name: "suspected.", table, faults: &mut *file.faults };
        let copied = part.words("copied", &format!("any of {}", list(&Copied::ALL, Copied::word)), |word| {
            Copied::ALL.into_iter().find(|copied| copied.word() == word)
        });
        let keys_exposed = part.moment("keys_exposed_since");
        part.end(&["copied", "keys_exposed_since"]);
        (copied, keys_exposed)
    });
    let processors = file.parts("processor").into_iter().map(|table| {
        let mut part = Part { name: "processor.", table, faults: &mut *file.faults };
        let name = part.need("name", Part::name);
        let purposes =
            part.words("purposes", &format!("any of {}", list(&Processor::PURPOSES, Purpose::word)), |word| {
                Processor::PURPOSES.into_iter().find(|purpose| purpose.word() == word)
            });
        if purposes.is_empty() {
            part.faults.push(
                "processor.purposes is missing; write what it was handed data for, such as [\"mail\"]".to_owned(),
            );
        }
        let own = ["from", "to"].iter().any(|key| part.table.contains_key(*key));
        let window = if own { part.window() } else { window };
        part.end(&["name", "purposes", "from", "to"]);
        Some(Processor { name: name?, purposes, window: window? })
    });
    let processors = processors.collect::<Vec<_>>().into_iter().collect::<Option<Vec<_>>>();
    file.end(&["incident", "grade", "window", "attacker", "suspected", "processor"]);
    let (copied, keys_exposed) = suspected.unwrap_or_default();
    match (incident, grade, window, processors) {
        (Some(incident), Some(grade), Some(window), Some(processors)) if faults.is_empty() => Ok(Question {
            incident,
            digest: Hash::of(&[bytes]),
            window,
            grade,
            attacker: attacker.unwrap_or_default(),
            copied,
            keys_exposed,
            processors,
        }),
        _ => Err(IncidentFaults(faults)),
    }
}

fn list<T: Copy>(all: &[T], word: impl Fn(T) -> &'static str) -> String {
    all.iter().map(|one| word(*one)).collect::<Vec<_>>().join(", ")
}

/// Bytes in hexadecimal digits.
pub fn hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    if text.len() != 2 * N || !text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    let mut bytes = [0; N];
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * at..2 * at + 2], 16).ok()?;
    }
    Some(bytes)
}

/// A table of the file. What is read is taken out of it; at the end nothing may be left.
struct Part<'f> {
    /// What stands before its keys when they are named.
    name: &'static str,
    table: Table,
    faults: &'f mut Vec<String>,
}

impl Part<'_> {
    fn fault(&mut self, key: &str, fault: impl Display) {
        self.faults.push(format!("{}{key} {fault}", self.name));
    }

    /// What must be there.
    fn need<T>(&mut self, key: &str, read: impl FnOnce(&mut Self, &str) -> Option<T>) -> Option<T> {
        if !self.table.contains_key(key) {
            self.fault(key, "is missing");
        }
        read(self, key)
    }

    fn part(&mut self, key: &str) -> Option<Table> {
        match self.table.remove(key)? {
            Value::Table(table) => Some(table),
            other => {
                self.fault(key, format_args!("must be a table, [{key}], not {}", other.type_str()));
                None
            }
        }
    }

    fn parts(&mut self, key: &str) -> Vec<Table> {
        let value = self.table.remove(key);
        let tables = match value {
            None => return Vec::new(),
            Some(Value::Array(values)) => values
                .into_iter()
                .map(|value| if let Value::Table(table) = value { Some(table) } else { None })
                .collect(),
            Some(_) => None,
        };
        tables.unwrap_or_else(|| {
            self.fault(key, format_args!("must be written as [[{key}]], once for each"));
            Vec::new()
        })
    }

    fn word<T>(&mut self, key: &str, what: &str, read: impl Fn(&str) -> Option<T>) -> Option<T> {
        let value = self.table.remove(key)?;
        let word = value.as_str().and_then(read);
        if word.is_none() {
            self.fault(key, format_args!("= {value} is none; write {what} in quotes"));
        }
        word
    }

    /// A name that fits into a line of the scope.
    fn name(&mut self, key: &str) -> Option<String> {
        self.word(key, "up to 64 letters, digits, dots and dashes", |word| {
            let fits = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
            (!word.is_empty() && word.len() <= 64 && word.chars().all(fits)).then(|| word.to_owned())
        })
    }

    fn words<T: Ord>(&mut self, key: &str, what: &str, read: impl Fn(&str) -> Option<T>) -> BTreeSet<T> {
        let mut words = BTreeSet::new();
        match self.table.remove(key) {
            None => {}
            Some(Value::Array(values)) => {
                for value in values {
                    match value.as_str().and_then(&read) {
                        Some(word) => drop(words.insert(word)),
                        None => self.fault(key, format_args!("has {value} in it; write {what}, each in quotes")),
                    }
                }
            }
            Some(other) => self.fault(key, format_args!("= {other} is no list; write {what}, in brackets")),
        }
        words
    }

    fn moment(&mut self, key: &str) -> Option<Moment> {
        let value = self.table.remove(key)?;
        let moment = if let Value::Datetime(moment) = &value { read_moment(*moment) } else { None };
        if moment.is_none() {
            let such = "write a time with its offset and without quotes, such as 2026-11-06T09:00:00+09:00";
            self.fault(key, format_args!("= {value} is no moment; {such}"));
        }
        moment
    }

    /// `from` and `to`.
    fn window(&mut self) -> Option<Window> {
        for key in ["from", "to"].into_iter().filter(|key| !self.table.contains_key(*key)).collect::<Vec<_>>() {
            self.fault(key, "is missing; write a time with its offset, such as 2026-11-06T09:00:00+09:00");
        }
        let (from, to) = (self.moment("from"), self.moment("to"));
        let (from, to) = (from?, to?);
        let window = Window::new(from, to);
        if window.is_none() {
            self.fault("to", format_args!("is {to}, which is before from, {from}"));
        }
        window
    }

    /// What is left over was meant to be something, and would go unheard.
    fn end(self, known: &[&str]) {
        for key in self.table.keys().filter(|key| !known.contains(&key.as_str())) {
            self.faults.push(format!("{}{key} is unknown; known are {}", self.name, known.join(", ")));
        }
    }
}

/// A moment as it stands in the file.
pub fn moment(text: &str) -> Option<Moment> {
    text.parse().ok().and_then(read_moment)
}

/// A leaf's time has milliseconds: what is finer is cut off, at both ends of a window to the safe side.
fn read_moment(read: toml::value::Datetime) -> Option<Moment> {
    let (date, time, offset) = (read.date?, read.time?, read.offset?);
    let seconds = u32::from(time.hour) * 3_600 + u32::from(time.minute) * 60 + u32::from(time.second.unwrap_or(0));
    let millis = seconds * 1_000 + time.nanosecond.unwrap_or(0) / 1_000_000;
    let ahead = match offset {
        Offset::Z => 0,
        Offset::Custom { minutes } => minutes,
    };
    Moment::of(Civil { year: date.year, month: date.month, day: date.day, millis, ahead })
}

#[cfg(test)]
mod tests;
