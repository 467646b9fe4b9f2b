//! Where an export goes. Files are written in a hidden folder beside their place and moved there when all of them are
//! complete: whoever reads the place never sees half a file, and what a killed export left goes at the next one.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use tidemark::failure::Failure;

use super::format::Format;

/// End of the names of hidden folders.
const PART: &str = ".part";

/// What is written.
#[derive(Debug, PartialEq, Eq)]
pub enum Place {
    /// One file.
    File(PathBuf),
    /// A folder with one file a year: `year=2016/features.parquet`.
    Years(PathBuf),
}

impl Place {
    pub fn path(&self) -> &Path {
        match self {
            Self::File(path) | Self::Years(path) => path,
        }
    }

    /// The place of one of its files: of the year, or the only one.
    fn file(&self, year: Option<i32>, format: Format) -> PathBuf {
        match (self, year) {
            (Self::Years(folder), Some(year)) => folder.join(of_year(year, format)),
            (Self::File(path) | Self::Years(path), _) => path.clone(),
        }
    }

    /// Refuses a place that cannot be written to, or should not be.
    fn check(&self, format: Format) -> Result<(), Failure> {
        match self {
            Self::File(path) if path.exists() && !path.is_file() => {
                Err(Failure::new(format!("{} is not a file", path.display()))
                    .hint("name a file: it is replaced when the export is complete"))
            }
            Self::Years(path) if path.exists() && !path.is_dir() => {
                Err(Failure::new(format!("{} is not a folder", path.display())).hint(
                    "an export by year is a folder with a file a year: name another, or remove the file",
                ))
            }
            Self::Years(folder) => {
                match years(folder).into_iter().find(|file| Format::of_name(file) != Some(format)) {
                    Some(file) => Err(Failure::new(format!(
                        "{} holds an export in another form: {}",
                        folder.display(),
                        file.display()
                    ))
                    .hint("name another folder, or the same --format")),
                    None => Ok(()),
                }
            }
            Self::File(_) => Ok(()),
        }
    }
}

fn of_year(year: i32, format: Format) -> PathBuf {
    PathBuf::from(format!("year={year}")).join(format!("features.{}", format.extension()))
}

/// The files of earlier exports in a folder by year.
fn years(folder: &Path) -> Vec<PathBuf> {
    let entries =
        |folder: &Path| fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let starts = |path: &Path, with: &str| {
        path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(with))
    };
    let mut files: Vec<PathBuf> = entries(folder)
        .filter(|path| starts(path, "year="))
        .flat_map(|year| entries(&year).collect::<Vec<_>>())
        .filter(|file| starts(file, "features.") && Format::of_name(file).is_some())
        .collect();
    files.sort();
    files
}

/// A file of a finished export.
pub struct Written {
    pub path: PathBuf,
    pub bytes: u64,
}

/// The hidden folder of an export under way. Dropped before the end, it goes with all that is in it.
pub struct Staging {
    place: Place,
    format: Format,
    folder: TempDir,
    /// Held until the end, so that no other export takes the folder for a leftover.
    _lock: File,
    files: Vec<Option<i32>>,
}

impl Staging {
    /// Makes the folder, and removes what exports to the same place left when they were killed.
    pub fn new(place: Place, format: Format) -> Result<Self, Failure> {
        place.check(format)?;
        let unwritable = |e: io::Error| unwritable(place.path(), &e);
        let name = place.path().file_name().map(OsString::from).unwrap_or_default();
        let prefix = format!(".{}.", name.to_string_lossy());
        let mut parents = vec![parent(place.path())];
        if let Place::Years(folder) = &place
            && folder.is_dir()
        {
            // Within, so that it lies on the same file system even where the folder is the root of one.
            parents.insert(0, folder.clone());
        }
        for parent in &parents {
            remove_leftovers(parent, &prefix);
        }
        let folder = tempfile::Builder::new()
            .prefix(&prefix)
            .suffix(PART)
            .tempdir_in(&parents[0])
            .map_err(unwritable)?;
        let lock = File::open(folder.path()).map_err(unwritable)?;
        lock.lock().map_err(unwritable)?;
        Ok(Self { place, format, folder, _lock: lock, files: Vec::new() })
    }

    /// A new file, of a year where there is one a year. Readers that look for files by their ending do not find it.
    pub fn file(&mut self, year: Option<i32>) -> Result<File, Failure> {
        self.files.push(year);
        File::create_new(self.part(year)).map_err(|e| self.unwritable(&e))
    }

    fn part(&self, year: Option<i32>) -> PathBuf {
        self.folder.path().join(year.map_or("file".into(), |year| year.to_string()))
    }

    pub fn unwritable(&self, error: &io::Error) -> Failure {
        unwritable(self.place.path(), error)
    }

    /// Moves the finished files to their place, with `about` beside those that cannot hold it. Also gives the files of
    /// other years that were there before.
    pub fn finish(self, about: &str) -> Result<(Vec<Written>, Vec<PathBuf>), Failure> {
        self.moved(about).map_err(|e| self.unwritable(&e))
    }

    fn moved(&self, about: &str) -> io::Result<(Vec<Written>, Vec<PathBuf>)> {
        let mut written = Vec::new();
        for year in &self.files {
            let file = File::open(self.part(*year))?;
            file.sync_all()?;
            let path = self.place.file(*year, self.format);
            written.push(Written { path, bytes: file.metadata()?.len() });
        }
        match &self.place {
            // All at once.
            Place::Years(folder) if !folder.exists() => {
                let whole = self.folder.path().join("whole");
                self.move_to(&Place::Years(whole.clone()), about)?;
                fs::rename(whole, folder)?;
            }
            place => self.move_to(place, about)?,
        }
        File::open(parent(self.place.path()))?.sync_all()?;
        let mut others = match &self.place {
            Place::Years(folder) => years(folder),
            Place::File(_) => Vec::new(),
        };
        others.retain(|path| !written.iter().any(|file| file.path == *path));
        Ok((written, others))
    }

    fn move_to(&self, place: &Place, about: &str) -> io::Result<()> {
        for year in &self.files {
            let to = place.file(*year, self.format);
            if year.is_some() {
                fs::create_dir_all(parent(&to))?;
            }
            if self.format.has_schema_beside() {
                let schema = self.folder.path().join("schema");
                fs::write(&schema, about)?;
                fs::rename(schema, schema_beside(&to))?;
            }
            fs::rename(self.part(*year), to)?;
        }
        Ok(())
    }
}

/// `features.csv.schema.json` beside `features.csv`.
fn schema_beside(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".schema.json");
    PathBuf::from(name)
}

fn parent(path: &Path) -> PathBuf {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new(".")).into()
}

/// Removes hidden folders that no living export holds.
fn remove_leftovers(parent: &Path, prefix: &str) {
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with(prefix)
            && name.ends_with(PART)
            && let Ok(folder) = File::open(entry.path())
            && folder.try_lock().is_ok()
        {
            // Whoever cannot remove it cannot write there either, and is told so then.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

fn unwritable(out: &Path, error: &io::Error) -> Failure {
    Failure::new(format!("{} cannot be written: {error}", out.display()))
        .hint("name a file or folder on a disk with room, in a folder that exists and may be written")
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn export(place: Place, years: &[Option<i32>], text: &str) -> (Vec<Written>, Vec<PathBuf>) {
        let mut staging = Staging::new(place, Format::Csv).unwrap();
        for year in years {
            staging.file(*year).unwrap().write_all(text.as_bytes()).unwrap();
        }
        staging.finish("{}").unwrap()
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_appears_at_the_end_with_its_schema_and_replaces_the_one_before() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("a.csv");
        export(Place::File(out.clone()), &[None], "old");
        let mut staging = Staging::new(Place::File(out.clone()), Format::Csv).unwrap();
        staging.file(None).unwrap().write_all(b"newer").unwrap();
        assert_eq!(fs::read_to_string(&out).unwrap(), "old");
        let (written, _) = staging.finish("{}").unwrap();
        assert_eq!((fs::read_to_string(&out).unwrap().as_str(), written[0].bytes), ("newer", 5));
        assert_eq!(names(folder.path()), ["a.csv", "a.csv.schema.json"]);
    }

    #[test]
    fn years_that_come_again_are_replaced_and_the_others_stay() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("features");
        export(Place::Years(out.clone()), &[Some(2015), Some(2016)], "old");
        let (written, others) = export(Place::Years(out.clone()), &[Some(2016), Some(2017)], "new");
        assert_eq!((written.len(), others), (2, vec![out.join("year=2015/features.csv")]));
        let text = |year: i32| fs::read_to_string(out.join(format!("year={year}/features.csv"))).unwrap();
        assert_eq!([2015, 2016, 2017].map(text), ["old", "new", "new"]);
        assert_eq!(names(&out), ["year=2015", "year=2016", "year=2017"]);
        assert_eq!(names(folder.path()), ["features"]);
    }

    #[test]
    fn what_a_killed_export_left_goes_and_what_a_living_one_writes_stays() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("a.csv");
        let left = folder.path().join(".a.csv.x1.part");
        let foreign = folder.path().join(".b.csv.x1.part");
        for folder in [&left, &foreign] {
            fs::create_dir(folder).unwrap();
            fs::write(folder.join("file"), "half").unwrap();
        }
        let living = Staging::new(Place::File(out.clone()), Format::Csv).unwrap();
        assert!(!left.exists() && foreign.exists());
        export(Place::File(out), &[None], "whole");
        assert!(living.folder.path().exists());
        drop(living);
        assert_eq!(names(folder.path()), [".b.csv.x1.part", "a.csv", "a.csv.schema.json"]);
    }

    #[test]
    fn a_place_of_another_kind_or_form_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.csv");
        fs::write(&file, "").unwrap();
        let refused = |place: Place, format: Format| Staging::new(place, format).err().unwrap().to_string();
        assert!(refused(Place::File(folder.path().into()), Format::Csv).contains("is not a file"));
        assert!(refused(Place::Years(file), Format::Csv).contains("is not a folder"));
        assert!(
            refused(Place::File(folder.path().join("no/a.csv")), Format::Csv).contains("cannot be written")
        );
        let out = folder.path().join("features");
        export(Place::Years(out.clone()), &[Some(2015)], "old");
        assert!(refused(Place::Years(out), Format::Parquet).contains("another form"));
    }
}
