//! Bars from the vendor's flat files: a few are fetched and decoded at once, in order, ahead of the database.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use tidemark::failure::Failure;
use tidemark::say::Progress;

use super::super::days::{Loader, Selection};
use super::files::say_progress;
use super::frame::Frame;
use super::report::{Read, Report};
use crate::flatfiles::FlatFileError;
use crate::vendor::{Ahead, RemoteFile, S3Client, VendorError};

/// Fetches `files` and gives them to `loader`.
pub(super) async fn load<B: Frame>(
    client: &Arc<S3Client>,
    files: Vec<RemoteFile>,
    selection: &Selection,
    loader: &mut Loader<B>,
    report: &mut Report,
) -> anyhow::Result<()> {
    let total = files.len();
    let (client, selection) = (Arc::clone(client), Arc::new(selection.clone()));
    let mut days = Ahead::new(files, B::IN_FLIGHT, move |file| {
        read_file::<B>(Arc::clone(&client), file, Arc::clone(&selection))
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
        loader.wait_above(B::MOST_ON_THE_WAY).await?;
        done += 1;
        say_progress(&progress, done, total, loader, started);
    }
    progress.end();
    Ok(())
}

/// Fetches and decodes one file; when it cannot be unpacked, once more. An error is one that the other files would meet too.
async fn read_file<B: Frame>(
    client: Arc<S3Client>,
    file: RemoteFile,
    selection: Arc<Selection>,
) -> Result<Read<B>, VendorError> {
    let mut damaged = false;
    loop {
        let fetched = match client.get(&file).await {
            Ok(fetched) => fetched,
            Err(error) if error.is_of_one_file() => return Ok(Read::Unusable(error.into())),
            Err(error) => return Err(error),
        };
        let (place, date, selection) = (file.place(), file.session_date, Arc::clone(&selection));
        let decoding = tokio::task::spawn_blocking(move || {
            B::decode(Path::new(&place), &fetched.bytes, date, &selection)
        });
        match decoding.await {
            Ok(Ok((mut day, seen))) => {
                day.source = "s3";
                day.etag = fetched.etag.or(file.etag);
                return Ok(Read::Day(day, seen));
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
