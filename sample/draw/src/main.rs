//! Rewrites every picture of the sample shop: `cargo run -p noren-sample-draw`.
#![forbid(unsafe_code)]

use std::{fs, path::Path, process::ExitCode};

fn main() -> ExitCode {
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    match redraw(&sample) {
        Ok(count) => {
            println!("{count} pictures drawn");
            ExitCode::SUCCESS
        }
        Err(reason) => {
            eprintln!("{reason}");
            ExitCode::FAILURE
        }
    }
}

fn redraw(sample: &Path) -> Result<usize, String> {
    let table = fs::read_to_string(sample.join("scenes.csv")).map_err(|e| e.to_string())?;
    let scenes = noren_sample_draw::scenes(&table)?;
    let folder = sample.join("pictures");
    fs::create_dir_all(&folder).map_err(|e| e.to_string())?;
    for scene in &scenes {
        let svg = noren_sample_draw::draw(scene)?;
        fs::write(folder.join(&scene.file), svg).map_err(|e| e.to_string())?;
    }
    Ok(scenes.len())
}
