//! [`BlockRing`]: the blocks that were executed last.

use std::{cell::RefCell, collections::VecDeque, rc::Rc};

use terrella_emulator_api::{Emulator, EmulatorExt, Flow, HookHandle, Result};

/// The addresses of the blocks that were executed last. It costs a call for
/// each block, and so is there only where somebody asks for it.
#[derive(Debug, Clone)]
pub struct BlockRing {
    blocks: Rc<RefCell<VecDeque<u64>>>,
    handle: HookHandle,
}

impl BlockRing {
    /// Keeps the addresses of so many blocks from now on.
    ///
    /// # Errors
    /// Those of a backend that has no hooks of blocks, or one that is set
    /// already.
    pub fn attach(emulator: &mut dyn Emulator, size: usize) -> Result<Self> {
        let blocks: Rc<RefCell<VecDeque<u64>>> = Rc::default();
        let kept = Rc::clone(&blocks);
        let handle = emulator.hook_blocks(move |_, address, _| {
            let mut blocks = kept.borrow_mut();
            if blocks.len() >= size {
                blocks.pop_front();
            }
            if size > 0 {
                blocks.push_back(address);
            }
            Ok(Flow::Continue)
        })?;
        Ok(Self { blocks, handle })
    }

    /// The addresses, the latest one last.
    #[must_use]
    pub fn addresses(&self) -> Vec<u64> {
        self.blocks.borrow().iter().copied().collect()
    }

    /// Keeps no more.
    ///
    /// # Errors
    /// Those of an emulator that is not the one it was attached to.
    pub fn detach(self, emulator: &mut dyn Emulator) -> Result<()> {
        emulator.unhook(self.handle)
    }
}
