//! Where profiles are found: files of the folder `scans`, and those that come with the program.

use std::collections::BTreeSet;
use std::path::Path;

use super::{Known, Place, Profile, ProfileError};

/// The profile that gives nothing: the whole default universe by the core score. No file replaces it.
pub const MARKET: &str = "market";

/// The profiles that come with the program: names and files.
pub const SHIPPED: [(&str, &str); 5] = [
    ("momentum-leaders", include_str!("../../../../scans/momentum-leaders.toml")),
    ("quality-at-a-fair-price", include_str!("../../../../scans/quality-at-a-fair-price.toml")),
    ("oversold-in-an-uptrend", include_str!("../../../../scans/oversold-in-an-uptrend.toml")),
    ("breakouts-with-volume", include_str!("../../../../scans/breakouts-with-volume.toml")),
    ("low-risk", include_str!("../../../../scans/low-risk.toml")),
];

/// Finds and reads a profile. A text with a `/` or that ends in `.toml` is a file; any other is a name: of `scans/NAME.toml`
/// in `here` or the nearest folder above it, else of a shipped one.
///
/// # Errors
/// There is none, it cannot be read, or something is wrong in it.
pub fn find(name: &str, here: &Path, known: &[Known]) -> Result<Profile, ProfileError> {
    if name == MARKET {
        return Profile::market(known);
    }
    let is_toml = Path::new(name).extension().is_some_and(|extension| extension == "toml");
    if name.contains('/') || is_toml {
        let path = here.join(name);
        let stem = path.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
        return read_file(&stem, name, &path, known);
    }
    let file = format!("scans/{name}.toml");
    if let Some(path) = here.ancestors().map(|folder| folder.join(&file)).find(|path| path.is_file()) {
        return read_file(name, &file, &path, known);
    }
    match SHIPPED.iter().find(|(shipped, _)| *shipped == name) {
        Some((_, text)) => Profile::read(name, Some(&file), text, known),
        None => Err(ProfileError::NotFound { name: name.to_owned(), known: names(here) }),
    }
}

/// The names of all profiles that `find` finds from this folder, in order of the alphabet.
pub fn names(here: &Path) -> Vec<String> {
    let mut names: BTreeSet<String> = SHIPPED.iter().map(|(name, _)| (*name).to_owned()).collect();
    names.insert(MARKET.to_owned());
    for folder in here.ancestors() {
        let Ok(files) = std::fs::read_dir(folder.join("scans")) else { continue };
        let paths = files.flatten().map(|file| file.path());
        let profiles = paths.filter(|path| path.extension().is_some_and(|extension| extension == "toml"));
        names.extend(profiles.filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned())));
    }
    names.into_iter().collect()
}

fn read_file(name: &str, shown: &str, path: &Path, known: &[Known]) -> Result<Profile, ProfileError> {
    let bytes = std::fs::read(path).map_err(|source| ProfileError::Read { path: shown.into(), source })?;
    let text = std::str::from_utf8(&bytes).map_err(|error| {
        let line = bytes[..error.valid_up_to()].split(|&byte| byte == b'\n').count();
        ProfileError::NotText(Place { file: Some(shown.to_owned()), line: Some(line), key: String::new() })
    })?;
    Profile::read(name, Some(shown), text, known)
}
