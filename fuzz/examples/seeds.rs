//! Writes the seeds of all targets into a folder, where `make fuzz` begins: `seeds FOLDER`.

use std::path::PathBuf;
use std::{env, fs, io};

use noren_fuzz::{FOUND, TARGETS};

fn main() -> io::Result<()> {
    let folder = env::args_os().nth(1).map(PathBuf::from).ok_or_else(|| io::Error::other("which folder?"))?;
    for target in TARGETS {
        let folder = folder.join(target.name);
        fs::create_dir_all(&folder)?;
        let found = FOUND.iter().filter(|(name, _)| *name == target.name).map(|(_, input)| input.to_vec());
        for (no, seed) in (target.seeds)().into_iter().chain(found).enumerate() {
            fs::write(folder.join(format!("seed-{no:02}")), seed)?;
        }
    }
    Ok(())
}
