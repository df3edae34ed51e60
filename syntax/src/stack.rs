//! Native stack for trees of any depth that the depth check lets through.

/// What must be left before more is added: more than the deepest tree needs, and less than
/// a main thread has, since adding costs the kernel's time for each file.
const RED_ZONE: usize = 5 * 1024 * 1024;
/// What is added then.
const LARGE: usize = 64 * 1024 * 1024;

/// Runs `f` with several megabytes of stack: on this thread's own stack if that is
/// large enough, otherwise on one that is added for the call.
///
/// Parsing, lowering and dropping a tree all recurse as deep as the tree is; see
/// [`crate::depth`] for how deep that can be.
pub fn with_large_stack<R>(f: impl FnOnce() -> R) -> R {
    stacker::maybe_grow(RED_ZONE, LARGE, f)
}

/// For recursive functions: makes sure that one more level fits.
#[inline]
pub(crate) fn with_one_more_level<R>(f: impl FnOnce() -> R) -> R {
    stacker::maybe_grow(128 * 1024, 4 * 1024 * 1024, f)
}
