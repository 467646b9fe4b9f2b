//! Several requests on their way at once, their answers used in order.

use std::collections::VecDeque;
use tokio::task::JoinHandle;

/// Work on a list of items ahead of its use: on tasks of their own, so that it goes on while the results are used, and
/// never more than `most` results begun and not taken, so that memory stays bounded.
pub struct Ahead<T> {
    start_next: Box<dyn FnMut() -> Option<JoinHandle<T>> + Send>,
    started: VecDeque<JoinHandle<T>>,
    most: usize,
}

impl<T: Send + 'static> Ahead<T> {
    /// Works on `items`, `most` at a time; nothing starts before [`Ahead::next`].
    pub fn new<Items, Work, Running>(items: Items, most: usize, mut work: Work) -> Self
    where
        Items: IntoIterator,
        Items::IntoIter: Send + 'static,
        Work: FnMut(Items::Item) -> Running + Send + 'static,
        Running: Future<Output = T> + Send + 'static,
    {
        let mut items = items.into_iter();
        let start_next = move || items.next().map(|item| tokio::spawn(work(item)));
        Self { start_next: Box::new(start_next), started: VecDeque::new(), most: most.max(1) }
    }

    /// The result of the next item; none after the last.
    pub async fn next(&mut self) -> Option<T> {
        while self.started.len() < self.most {
            let Some(task) = (self.start_next)() else { break };
            self.started.push_back(task);
        }
        let result = self.started.front_mut()?.await;
        self.started.pop_front();
        match result {
            Ok(result) => Some(result),
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            // The program is ending.
            Err(_) => None,
        }
    }
}

/// What is still on its way is not wanted any more.
impl<T> Drop for Ahead<T> {
    fn drop(&mut self) {
        self.started.iter().for_each(JoinHandle::abort);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };
    use std::time::Duration;

    #[tokio::test]
    async fn results_come_in_the_order_of_the_items_however_long_each_takes() {
        let mut ahead = Ahead::new([30, 1, 20, 5], 3, |wait| async move {
            tokio::time::sleep(Duration::from_millis(wait)).await;
            wait
        });
        let mut taken = Vec::new();
        while let Some(result) = ahead.next().await {
            taken.push(result);
        }
        assert_eq!(taken, [30, 1, 20, 5]);
    }

    #[tokio::test]
    async fn no_more_is_begun_than_allowed_and_what_is_begun_ends_with_it() {
        let (begun, ended) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let counts = (Arc::clone(&begun), Arc::clone(&ended));
        let mut ahead = Ahead::new(0..100, 4, move |item| {
            let (begun, ended) = counts.clone();
            async move {
                begun.fetch_add(1, Ordering::SeqCst);
                if item > 0 {
                    tokio::time::sleep(Duration::from_mins(1)).await;
                }
                ended.fetch_add(1, Ordering::SeqCst);
            }
        });
        assert!(begun.load(Ordering::SeqCst) == 0, "nothing starts by itself");
        ahead.next().await;
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert_eq!(begun.load(Ordering::SeqCst), 4);
        drop(ahead);
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert_eq!((begun.load(Ordering::SeqCst), ended.load(Ordering::SeqCst)), (4, 1));
    }
}
