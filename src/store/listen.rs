//! A connection that is woken when the change log grows. What was missed while nobody listened is in the change log itself:
//! a wake-up says only that it is time to look.

use std::task::Poll;

use futures::{StreamExt, stream};
use tokio::sync::mpsc;
use tokio_postgres::{AsyncMessage, Client, NoTls};

use super::error::{During, StoreError};
use super::pool::Store;

/// A connection of its own that listens to the channel `tidemark`.
pub struct Listener {
    /// The connection; statements may run on it.
    pub client: Client,
    wakes: mpsc::Receiver<()>,
}

impl Store {
    /// Opens a connection and listens for changes.
    ///
    /// # Errors
    /// As of any connection.
    pub async fn listen(&self) -> Result<Listener, StoreError> {
        let (client, mut connection) =
            self.config().connect(NoTls).await.map_err(|error| self.sort(error))?;
        // One place: wake-ups that come while the last one is not yet taken are that one.
        let (wake, wakes) = mpsc::channel(1);
        let mut messages = stream::poll_fn(move |context| match connection.poll_message(context) {
            Poll::Ready(Some(Err(_))) => Poll::Ready(None),
            other => other,
        });
        tokio::spawn(async move {
            while let Some(message) = messages.next().await {
                if matches!(message, Ok(AsyncMessage::Notification(_))) {
                    // A full place is a wake-up that is still to be taken.
                    let _ = wake.try_send(());
                }
            }
        });
        client.batch_execute(include_str!("../../sql/listen.sql")).await.during("listening for changes")?;
        Ok(Listener { client, wakes })
    }
}

impl Listener {
    /// Waits for a change; changes that came since the last call are one. False: the connection was lost.
    pub async fn wait(&mut self) -> bool {
        self.wakes.recv().await.is_some()
    }

    /// Whether the connection is gone.
    pub fn is_lost(&self) -> bool {
        self.client.is_closed()
    }
}
