//! Rows made into records on several threads where there are many: what comes out, and in which order, is what one thread would
//! make. The threads compute and end with the call; nothing of when they run is in the outcome.

use std::sync::mpsc;

/// Lots of a maker that wait to be made, and that wait to be taken.
const WAITING: usize = 2;
/// Most makers.
const MAKERS_MAX: usize = 4;

/// Makes something of each row of the lots that `next` gives, which says too whether one is the last, and hands it on in
/// order until `take` wants no more. Answers whether it wanted all.
pub(super) fn in_order<R: Send, M: Send>(
    mut next: impl FnMut() -> (Vec<R>, bool),
    make: impl Fn(&R) -> M + Sync,
    take: &mut dyn FnMut(Vec<M>) -> bool,
) -> bool {
    let (mut lot, mut is_last) = next();
    if is_last {
        return take(lot.iter().map(&make).collect());
    }
    let makers = std::thread::available_parallelism()
        .map_or(1, usize::from)
        .min(MAKERS_MAX);
    std::thread::scope(|scope| {
        let make = &make;
        let makers: Vec<_> = (0..makers)
            .map(|_| {
                let (give, given) = mpsc::sync_channel::<Vec<R>>(WAITING);
                let (done, made) = mpsc::sync_channel(WAITING);
                scope.spawn(move || {
                    for lot in given {
                        let made: Vec<M> = lot.iter().map(make).collect();
                        if done.send(made).is_err() {
                            break;
                        }
                    }
                });
                (give, made)
            })
            .collect();
        let (mut given, mut taken) = (0, 0);
        loop {
            // A maker that is gone has panicked, which ends the scope.
            let _ = makers[given % makers.len()].0.send(lot);
            given += 1;
            while taken < given && (is_last || given - taken >= makers.len() * WAITING) {
                let Ok(made) = makers[taken % makers.len()].1.recv() else {
                    return false;
                };
                taken += 1;
                if !take(made) {
                    return false;
                }
            }
            if is_last {
                return true;
            }
            (lot, is_last) = next();
        }
    })
}
