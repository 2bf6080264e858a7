//! Memory that is taken and never given back: what a judge of memory must find.

use std::time::Duration;

/// How often some is taken.
const EVERY: Duration = Duration::from_millis(100);

/// Takes so many bytes a second until it has taken `most`, and keeps them as long as it is awaited.
pub(crate) async fn leak(a_second: usize, most: usize) {
    let mut kept: Vec<Vec<u8>> = Vec::new();
    let mut ticks = tokio::time::interval(EVERY);
    while kept.iter().map(Vec::len).sum::<usize>() < most {
        ticks.tick().await;
        // Written to: memory that was never touched is nobody's.
        kept.push(vec![1; a_second / 10]);
    }
    std::future::pending::<()>().await;
}
