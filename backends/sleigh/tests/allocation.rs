//! Decoding and lifting allocate nothing once they have seen as much.

mod common;

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
    sync::Arc,
};

use common::{Random, toy};
use terrella_sleigh::{Context, Decoder, Lifter, Pcode};

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

/// Counts what each thread allocates.
struct Counting;

// SAFETY: Everything is passed on to the system's allocator as it comes.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let _ = ALLOCATIONS.try_with(|count| count.set(count.get() + 1));
        // SAFETY: The caller keeps to the contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: The caller keeps to the contract.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn nothing_is_allocated_in_the_long_run() {
    let mut decoder = Decoder::new(toy());
    let mut lifter = Lifter::new();
    let mut pcode = Pcode::default();
    let mut text = String::with_capacity(1 << 10);
    let mut random = Random(4);
    let inputs: Vec<Vec<u8>> = (0..1000).map(|_| random.bytes(16)).collect();
    let mut run = || {
        let before = ALLOCATIONS.with(Cell::get);
        let mut lifted = 0;
        for bytes in &inputs {
            if decoder.decode(0x1000, bytes, Context::default()).is_ok() {
                text.clear();
                decoder.print(&mut text);
                lifted += usize::from(lifter.lift(&decoder, &mut pcode).is_ok());
            }
        }
        (ALLOCATIONS.with(Cell::get) - before, lifted)
    };
    run();
    let (allocated, lifted) = run();
    assert_eq!(allocated, 0);
    assert!(lifted > 500, "{lifted}");
    // The count works.
    let before = ALLOCATIONS.with(Cell::get);
    drop(Arc::new(1));
    assert_eq!(ALLOCATIONS.with(Cell::get) - before, 1);
}
