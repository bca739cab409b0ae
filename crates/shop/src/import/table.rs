//! A CSV file as text: found out its encoding, its header read, its rows bounded.

use std::borrow::Cow;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::ImportError;

/// Largest file, in bytes.
const MAX_FILE: u64 = 1 << 30;
/// Largest cell, in bytes. A forgotten quote swallows the rows after it and shows up here.
const MAX_CELL: usize = 64 * 1024;

/// A CSV file in memory.
pub struct Table {
    path: PathBuf,
    text: String,
}

/// One row, by column name.
pub struct Row {
    /// The line it starts on, counted from 1.
    pub line: u64,
    columns: Arc<HashMap<String, usize>>,
    record: csv::StringRecord,
    /// Why the row as a whole is of no use.
    pub fault: Option<String>,
}

/// What a file says of one thing. A file without the column says nothing: what the database holds
/// stays. An empty cell does say something: "empty".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cell<T> {
    Absent,
    Given(T),
}

impl<T> Cell<T> {
    pub fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }

    pub fn given(&self) -> Option<&T> {
        match self {
            Self::Absent => None,
            Self::Given(value) => Some(value),
        }
    }

    pub fn try_map<U, E>(self, read: impl FnOnce(T) -> Result<U, E>) -> Result<Cell<U>, E> {
        Ok(match self {
            Self::Absent => Cell::Absent,
            Self::Given(value) => Cell::Given(read(value)?),
        })
    }
}

impl<T: Clone> Cell<T> {
    /// Puts what the file says into `field`, which else keeps what it holds.
    pub fn put_into(&self, field: &mut T) {
        if let Self::Given(value) = self {
            field.clone_from(value);
        }
    }
}

impl Row {
    /// The cell of `column` without spaces around it.
    pub fn cell(&self, column: &str) -> Cell<&str> {
        match self.columns.get(column) {
            None => Cell::Absent,
            Some(at) => Cell::Given(self.record.get(*at).unwrap_or_default().trim()),
        }
    }

    /// Like [`Row::cell`], for what is judged alike whether it is empty or absent.
    pub fn get(&self, column: &str) -> &str {
        self.cell(column).given().copied().unwrap_or_default()
    }
}

impl Table {
    /// Reads a file: UTF-8 with or without BOM, or CP932 (what a Japanese Excel writes).
    pub fn open(path: &Path) -> Result<Self, ImportError> {
        let file = |source| ImportError::File { path: path.to_owned(), source };
        let unusable = |reason: String| ImportError::Unusable { path: path.to_owned(), reason };
        let size = std::fs::metadata(path).map_err(file)?.len();
        if size > MAX_FILE {
            return Err(unusable(format!("the file is larger than {} MiB; split it", MAX_FILE >> 20)));
        }
        let mut text = decode(std::fs::read(path).map_err(file)?).map_err(unusable)?;
        // One kind of line end: the reader counts no line for the others, and every fault has its line.
        if text.contains('\r') {
            text = text.replace("\r\n", "\n").replace('\r', "\n");
        }
        Ok(Self { path: path.to_owned(), text })
    }

    /// The column names, judged: every one of `required` there, none that is not in `known`.
    pub fn columns(&self, required: &[&str], known: &[&str]) -> Result<Arc<HashMap<String, usize>>, ImportError> {
        let unusable = |reason: String| ImportError::Unusable { path: self.path.clone(), reason };
        let header = self.reader().headers().map_err(|error| unusable(error.to_string()))?.clone();
        if header.iter().all(|name| name.trim().is_empty()) {
            return Err(unusable(format!(
                "the file is empty; its first line must name the columns: {}",
                required.join(", ")
            )));
        }
        let mut columns = HashMap::new();
        for (at, name) in header.iter().enumerate() {
            let name = name.trim().to_lowercase();
            if !known.contains(&name.as_str()) {
                return Err(unusable(format!("unknown column \"{name}\"; known are {}", known.join(", "))));
            }
            if columns.insert(name.clone(), at).is_some() {
                return Err(unusable(format!("the column \"{name}\" is there twice")));
            }
        }
        let missing: Vec<&str> = required.iter().copied().filter(|name| !columns.contains_key(*name)).collect();
        if missing.is_empty() {
            Ok(Arc::new(columns))
        } else {
            Err(unusable(format!("the first line must name the columns; missing: {}", missing.join(", "))))
        }
    }

    /// Judges the column names further: of each of `groups` the file has all or none.
    pub fn together(&self, columns: &HashMap<String, usize>, groups: &[&[&str]]) -> Result<(), ImportError> {
        for group in groups {
            let missing: Vec<&str> = group.iter().copied().filter(|name| !columns.contains_key(*name)).collect();
            if !missing.is_empty() && missing.len() < group.len() {
                let reason = format!("the columns {} go together; missing: {}", group.join(", "), missing.join(", "));
                return Err(ImportError::Unusable { path: self.path.clone(), reason });
            }
        }
        Ok(())
    }

    /// The rows under the header, empty lines left out.
    pub fn rows(&self, columns: Arc<HashMap<String, usize>>) -> impl Iterator<Item = Row> + Send + '_ {
        self.reader().into_records().map(move |record| match record {
            Ok(record) => {
                let columns = columns.clone();
                let line = record.position().map_or(0, csv::Position::line);
                let fault = shape_fault(&record, columns.len());
                Row { line, columns, record, fault }
            }
            Err(error) => {
                let line = error.position().map_or(0, csv::Position::line);
                let columns = columns.clone();
                Row { line, columns, record: csv::StringRecord::new(), fault: Some(error.to_string()) }
            }
        })
    }

    fn reader(&self) -> csv::Reader<&[u8]> {
        csv::ReaderBuilder::new().flexible(true).from_reader(self.text.as_bytes())
    }
}

fn shape_fault(record: &csv::StringRecord, columns: usize) -> Option<String> {
    if let Some(at) = record.iter().position(|cell| cell.len() > MAX_CELL) {
        return Some(format!("cell {} is longer than {} KiB; is a closing quote missing?", at + 1, MAX_CELL / 1024));
    }
    (record.len() != columns)
        .then(|| format!("{} cells where the header has {columns}; is a quote or a comma missing?", record.len()))
}

fn decode(bytes: Vec<u8>) -> Result<String, String> {
    if let Some(rest) = bytes.strip_prefix(b"\xEF\xBB\xBF") {
        return String::from_utf8(rest.to_vec()).map_err(|error| broken(rest, error.utf8_error().valid_up_to()));
    }
    let (bytes, good) = match String::from_utf8(bytes) {
        Ok(text) => return Ok(text),
        Err(error) => {
            let good = error.utf8_error().valid_up_to();
            (error.into_bytes(), good)
        }
    };
    // Japanese in CP932 is hardly ever well-formed UTF-8, so some good Japanese before the fault
    // means UTF-8 with a broken place, which must not be read as gibberish.
    if !bytes[..good].is_ascii() {
        return Err(broken(&bytes, good));
    }
    match encoding_rs::SHIFT_JIS.decode_without_bom_handling(&bytes) {
        (Cow::Owned(text), false) => Ok(text),
        (Cow::Borrowed(text), false) => Ok(text.to_owned()),
        (_, true) => Err(format!("{}; CP932 does not fit either", broken(&bytes, good))),
    }
}

fn broken(bytes: &[u8], at: usize) -> String {
    let line = bytes[..at].iter().filter(|byte| **byte == b'\n').count() + 1;
    format!("line {line} is not UTF-8; save the file as \"CSV UTF-8\" or as CP932 (Shift_JIS)")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn utf8_with_and_without_bom_and_cp932_read_alike() {
        let text = "名前,①\r\n";
        let with_bom = [b"\xEF\xBB\xBF", text.as_bytes()].concat();
        let (cp932, _, _) = encoding_rs::SHIFT_JIS.encode(text);
        assert_eq!(decode(text.as_bytes().to_vec()).unwrap(), text);
        assert_eq!(decode(with_bom).unwrap(), text);
        assert_eq!(decode(cp932.into_owned()).unwrap(), text);
    }

    #[test]
    fn broken_utf8_is_named_by_its_line_and_never_read_as_gibberish() {
        let bytes = ["名前\n青".as_bytes(), b"\xFF\xFE"].concat();
        assert!(decode(bytes).unwrap_err().starts_with("line 2 is not UTF-8"));
    }
}
