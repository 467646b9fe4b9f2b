//! The pages of one list, in order, as the vendor's `next_url` links them.

use super::{VendorClient, VendorError};
use bytes::Bytes;
use reqwest::Url;
use std::collections::HashSet;

/// A place in a list of pages. Each page is the whole reply, checked to be a success; who asked parses it.
#[derive(Debug)]
pub struct Pages<'client> {
    client: &'client VendorClient,
    path: String,
    next: Option<Url>,
    seen: HashSet<String>,
}

impl<'client> Pages<'client> {
    pub(super) fn new(client: &'client VendorClient, path: String, first: Url) -> Self {
        Self { client, path, next: Some(first), seen: HashSet::new() }
    }

    /// The next page; `None` after the last one.
    ///
    /// # Errors
    /// Any [`VendorError`]. A page whose `next_url` is foreign or leads in a circle is an error itself, so that
    /// a list cut short is never taken for a whole one. After an error the list has ended.
    pub async fn next(&mut self) -> Result<Option<Bytes>, VendorError> {
        let Some(url) = self.next.take() else { return Ok(None) };
        self.seen.insert(url.as_str().to_owned());
        let answer = self.client.ask(url, &self.path).await?;
        if let Some(next_url) = answer.next_url {
            let next = self.client.origin().follow(&next_url, &self.path)?;
            if self.seen.contains(next.as_str()) {
                return Err(VendorError::RepeatedPage { path: self.path.clone(), pages: self.seen.len() });
            }
            self.next = Some(next);
        }
        Ok(Some(answer.body))
    }
}
