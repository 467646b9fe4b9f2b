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
use crate::vendor::{Ahead, Fetched, RemoteFile, S3Client, VendorError};

/// Fetches `files` and gives them to `loader`.
pub(super) async fn load<B: Frame>(
    client: &Arc<S3Client>,
    files: Vec<RemoteFile>,
    selection: &Selection,
    loader: &mut Loader<B>,
    report: &mut Report,
) -> anyhow::Result<()> {
    let total = files.len();
    let selection = Arc::new(selection.clone());
    let (asking, wanted) = (Arc::clone(client), Arc::clone(&selection));
    let mut arriving = Ahead::new(files, B::IN_FLIGHT, move |file: RemoteFile| {
        let (client, selection) = (Arc::clone(&asking), Arc::clone(&wanted));
        async move {
            if B::DECODED_AHEAD {
                Arrived::Read(read_file(&client, file, &selection, None).await)
            } else {
                let fetched = client.get(&file).await;
                Arrived::Packed(file, fetched)
            }
        }
    });
    let progress = Progress::new("loading", "files");
    let (started, mut done) = (Instant::now(), 0);
    while let Some(arrived) = arriving.next().await {
        let read = match arrived {
            Arrived::Read(read) => read,
            Arrived::Packed(file, fetched) => read_file(client, file, &selection, Some(fetched)).await,
        };
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

/// What was made of a file ahead of its turn.
enum Arrived<B> {
    /// All of it.
    Read(Result<Read<B>, VendorError>),
    /// Its bytes, which take a tenth of the memory.
    Packed(RemoteFile, Result<Fetched, VendorError>),
}

/// Fetches one file, unless it is `fetched`, and decodes it; when it cannot be unpacked, it is fetched once more. An error is
/// one that the other files would meet too.
async fn read_file<B: Frame>(
    client: &S3Client,
    file: RemoteFile,
    selection: &Arc<Selection>,
    mut fetched: Option<Result<Fetched, VendorError>>,
) -> Result<Read<B>, VendorError> {
    let mut damaged = false;
    loop {
        let answer = match fetched.take() {
            Some(answer) => answer,
            None => client.get(&file).await,
        };
        let fetched = match answer {
            Ok(fetched) => fetched,
            Err(error) if error.is_of_one_file() => return Ok(Read::Unusable(error.into())),
            Err(error) => return Err(error),
        };
        let (place, date, selection) = (file.place(), file.session_date, Arc::clone(selection));
        let decoding = tokio::task::spawn_blocking(move || {
            B::decode(Path::new(&place), &fetched.bytes, date, &selection)
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
