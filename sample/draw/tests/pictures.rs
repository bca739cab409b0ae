//! The pictures kept beside the data are exactly those the data draws.
#![forbid(unsafe_code)]

use std::{
    collections::BTreeSet,
    error::Error,
    fs,
    path::{Path, PathBuf},
};

use noren_sample_draw::{draw, scenes, table};

type Outcome = Result<(), Box<dyn Error>>;

fn sample() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn listed() -> Result<Vec<noren_sample_draw::Scene>, Box<dyn Error>> {
    Ok(scenes(&fs::read_to_string(sample().join("scenes.csv"))?)?)
}

#[test]
fn committed_pictures_are_what_the_scenes_draw() -> Outcome {
    for scene in listed()? {
        let kept = fs::read_to_string(sample().join("pictures").join(&scene.file))?;
        assert!(kept == draw(&scene)?, "{} is stale: cargo run -p noren-sample-draw", scene.file);
    }
    Ok(())
}

#[test]
fn no_picture_is_left_over_or_listed_twice() -> Outcome {
    let scenes = listed()?;
    let named: BTreeSet<String> = scenes.iter().map(|s| s.file.clone()).collect();
    assert_eq!(named.len(), scenes.len());
    let mut kept = BTreeSet::new();
    for entry in fs::read_dir(sample().join("pictures"))? {
        kept.insert(entry?.file_name().to_string_lossy().into_owned());
    }
    assert_eq!(kept, named);
    Ok(())
}

#[test]
fn every_picture_of_a_product_exists() -> Outcome {
    let rows = table::rows(&fs::read_to_string(sample().join("products.csv"))?);
    let column = |name: &str| rows[0].iter().position(|cell| cell == name).ok_or(format!("no column {name}"));
    let (own, more) = (column("picture")?, column("more_pictures")?);
    for row in &rows[1..] {
        let others = row[more].lines().filter_map(|line| line.split('|').next().map(str::to_owned));
        for file in others.chain([row[own].clone()]) {
            assert!(sample().join("pictures").join(&file).is_file(), "{file} is missing");
        }
    }
    Ok(())
}

#[test]
fn pictures_stay_small() -> Outcome {
    for scene in listed()? {
        let size = draw(&scene)?.len();
        let limit = if scene.object == "storefront" { 66 * 1024 } else { 40 * 1024 };
        assert!(size < limit, "{}: {size} bytes", scene.file);
    }
    Ok(())
}
