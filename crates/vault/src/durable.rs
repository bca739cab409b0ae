//! Files that are there whole or not at all, whenever the process dies or the power goes: written beside their place,
//! waited for until they are on the disk, and only then put into it. The one place that does so.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Makes a file, for its owner alone, where there is none, and waits until it is on the disk. Killed meanwhile it is half
/// there: for a folder that is not in its place yet.
pub fn create(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Puts a whole file at `path`, for its owner alone, over one that may be there. What an earlier try left beside it is
/// removed.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let unfinished = path.with_extension("unfinished");
    remove(&unfinished)?;
    create(&unfinished, bytes)?;
    put(&unfinished, path)
}

/// Puts what is whole and on the disk at `unfinished`, a file or a folder, into its place.
pub fn put(unfinished: &Path, path: &Path) -> io::Result<()> {
    fs::rename(unfinished, path)?;
    sync_parent(path)
}

/// Removes a file, if it is there.
pub fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Waits until a file, or the names in a folder, are on the disk.
pub fn sync(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// Waits until the folder that something stands in is on the disk.
pub fn sync_parent(path: &Path) -> io::Result<()> {
    sync(path.parent().filter(|parent| *parent != Path::new("")).unwrap_or(Path::new(".")))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_file_is_replaced_whole_for_its_owner_alone_and_what_an_earlier_try_left_is_gone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("newest");
        fs::write(&path, "old").unwrap();
        fs::write(dir.path().join("newest.unfinished"), "half of one that was cut off").unwrap();
        replace(&path, b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
        assert_eq!(create(&path, b"other").unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        remove(&path).unwrap();
        remove(&path).unwrap();
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}
