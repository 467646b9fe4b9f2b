//! Bars from the vendor's flat files: a few are fetched and decoded at once, in order, ahead of the database.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use tidemark::failure::Failure;
use tidemark::say::Progress;

use super::super::days::{Loader, Selection};
use super::files::{decode, say_progress};
use super::report::{Read, Report};
use crate::flatfiles::{Decoder, FlatFileError};
use crate::vendor::{Ahead, RemoteFile, S3Client, VendorError};

/// Files on their way, or decoded and not yet taken.
const IN_FLIGHT: usize = 8;

/// Fetches `files` and gives them to `loader`.
pub async fn load(
    client: &Arc<S3Client>,
    files: Vec<RemoteFile>,
    selection: &Selection,
    loader: &mut Loader,
    report: &mut Report,
) -> anyhow::Result<()> {
    let total = files.len();
    let (client, selection) = (Arc::clone(client), Arc::new(selection.clone()));
    let mut days = Ahead::new(files, IN_FLIGHT, move |file| {
        read_file(Arc::clone(&client), file, Arc::clone(&selection))
    });
    let progress = Progress::new("loading", "files");
    let (started, mut done) = (Instant::now(), 0);
    while let Some(read) = days.next().await {
        match read {
            Ok(read) => report.take(read, loader).await?,
            Err(error) => {
                progress.end();
                return Err(super::stopped(loader, total, error).await);
            }
        }
        done += 1;
        say_progress(&progress, done, total, loader, started);
    }
    progress.end();
    Ok(())
}

/// Fetches and decodes one file; when it cannot be unpacked, once more. An error is one that the other files would meet too.
async fn read_file(
    client: Arc<S3Client>,
    file: RemoteFile,
    selection: Arc<Selection>,
) -> Result<Read, VendorError> {
    let mut damaged = false;
    loop {
        let fetched = match client.get(&file).await {
            Ok(fetched) => fetched,
            Err(error) if error.is_of_one_file() => return Ok(Read::Unusable(error.into())),
            Err(error) => return Err(error),
        };
        let (place, date, selection) = (file.place(), file.session_date, Arc::clone(&selection));
        let decoding = tokio::task::spawn_blocking(move || {
            decode(&mut Decoder::default(), Path::new(&place), &fetched.bytes, date, &selection)
        });
        match decoding.await {
            Ok(Ok((mut day, seen))) => {
                day.source = "s3";
                day.etag = fetched.etag.or(file.etag);
                return Ok(Read::Day(Box::new((day, seen))));
            }
            Ok(Err(FlatFileError::Gzip { fault, .. })) if !damaged => {
                tracing::warn!("{}: {fault}; fetching it again", file.place());
                damaged = true;
            }
            Ok(Err(error)) => {
                let hint = "the file is so at the vendor's: run it again later, or load the session with --source rest";
                return Ok(Read::Unusable(Failure::new(error.to_string()).hint(hint).into()));
            }
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        }
    }
}
