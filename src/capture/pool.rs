//! A fixed set of sample blocks that travel between the reading and the measuring thread and back.
//!
//! Nothing is allocated after `new`; when all blocks are on their way the reader finds none and says so, instead of
//! waiting or growing.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use pinpu_hardware::{SampleBlock, SampleFormat};

/// The reader's end: takes empty blocks.
#[derive(Debug)]
pub(super) struct EmptyBlocks(Receiver<SampleBlock>);

/// The measuring end: gives blocks back.
#[derive(Debug, Clone)]
pub(super) struct ReturnBlocks(SyncSender<SampleBlock>);

/// `count` blocks of `samples` each.
#[must_use]
pub(super) fn pool(format: SampleFormat, samples: usize, count: usize) -> (EmptyBlocks, ReturnBlocks) {
    let (give, take) = sync_channel(count);
    for _ in 0..count {
        // The channel holds exactly `count`, so this cannot fail.
        let _ = give.try_send(SampleBlock::new(format, samples));
    }
    (EmptyBlocks(take), ReturnBlocks(give))
}

impl EmptyBlocks {
    /// An empty block, or none when all are in use.
    #[must_use]
    pub(super) fn try_take(&self) -> Option<SampleBlock> {
        self.0.try_recv().ok()
    }

    /// An empty block, waiting for one; none when the measuring end is gone.
    #[must_use]
    pub(super) fn take(&self) -> Option<SampleBlock> {
        self.0.recv().ok()
    }
}

impl ReturnBlocks {
    /// Gives a block back; it is dropped when the reader is gone.
    pub(super) fn give(&self, block: SampleBlock) {
        let _ = self.0.try_send(block);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_go_round_and_never_grow_in_number() {
        let (empty, back) = pool(SampleFormat::Cs8, 16, 2);
        let first = empty.try_take().expect("two blocks");
        let _second = empty.try_take().expect("two blocks");
        assert!(empty.try_take().is_none(), "a third block would be an allocation");
        back.give(first);
        assert_eq!(empty.try_take().map(|block| block.capacity()), Some(16));
    }
}
