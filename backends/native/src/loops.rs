//! Loops without instructions of their own at the end (Xtensa Instruction Set
//! Architecture Reference Manual, 4.3.2): the instruction before LEND is
//! followed by the one at LBEG, as often as LCOUNT tells.
//!
//! Only what ends where a loop was seen to end is translated with that in it,
//! and what LEND holds is among those addresses whenever code is executed.

use hashbrown::HashSet;
use terrella_sleigh::{Context, Language};

use crate::{emulator::NativeEmulator, layout::Layout};

/// How many ends of loops are known before all are forgotten.
const MOST: usize = 1 << 12;
/// The size of an address.
const SIZE: usize = 4;
/// `PS.EXCM`, in which there are no loops.
const EXCEPTION_MODE: u128 = 1 << 4;

/// Where loops end.
#[derive(Debug)]
pub(crate) struct Loops {
    ends: HashSet<u64>,
    /// Where LEND, LBEG, LCOUNT and PS are.
    end: usize,
    begin: usize,
    count: usize,
    status: usize,
    /// The field of the context that tells of an instruction that it ends
    /// where a loop does.
    field: (u32, u32),
}

impl Loops {
    /// Those of a processor that has them.
    pub(crate) fn new(language: &Language, layout: &Layout) -> Option<Self> {
        let place = |name: &str| layout.place(&language.register(name)?.varnode());
        let field = language.context_field("loopEnd")?;
        Some(Self {
            ends: HashSet::new(),
            end: place("LEND")?,
            begin: place("LBEG")?,
            count: place("LCOUNT")?,
            status: place("PS")?,
            field: (field.high, field.low),
        })
    }

    /// The context of an instruction that ends at an address, if it is that of
    /// a loop.
    pub(crate) fn context_at(&self, next: u64, context: Context) -> Option<Context> {
        let mut context = context;
        self.ends.contains(&next).then(|| {
            context.set(self.field.0, self.field.1, 1);
            context
        })
    }
}

impl NativeEmulator {
    /// Where execution goes on after an instruction that ended in an event, as
    /// it may be the last one of a loop.
    pub(crate) fn after_event(&mut self, next: u64) -> u64 {
        let Some(loops) = &self.loops else { return next };
        let word = |place| self.file.integer(place, SIZE);
        let count = word(loops.count);
        if u128::from(next) != word(loops.end) || count == 0 || word(loops.status) & EXCEPTION_MODE != 0 {
            return next;
        }
        let (begin, place) = (word(loops.begin) as u64, loops.count);
        self.file.set_integer(place, SIZE, count - 1);
        begin
    }

    /// Takes the address in LEND for the end of a loop.
    pub(crate) fn follow_loop_end(&mut self) {
        let Some(loops) = &mut self.loops else { return };
        let end = self.file.integer(loops.end, SIZE) as u64;
        if loops.ends.contains(&end) {
            return;
        }
        let is_full = loops.ends.len() >= MOST;
        if is_full {
            loops.ends.clear();
        }
        loops.ends.insert(end);
        self.retranslate(if is_full { None } else { Some(end) });
    }
}
