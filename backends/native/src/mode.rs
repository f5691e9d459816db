//! The instruction set that a register tells: Thumb, MIPS16 and microMIPS.

use terrella_platforms::CodeAddressBit;

use crate::emulator::NativeEmulator;

impl NativeEmulator {
    /// Goes to an instruction set.
    pub(crate) fn set_mode(&mut self, mode: u64) {
        if let Some((place, high, low)) = self.mode_switch {
            self.file.put::<1>(place, [mode as u8]);
            self.context.set(high, low, mode);
            if let Some(flag) = self.definition.register("t") {
                // Processors without the flag have the mode all the same.
                drop(self.registers.write(&mut self.file, &mut self.context, flag, mode.into()));
            }
        }
    }

    /// Follows a write of a register that changed the instruction set.
    pub(crate) fn follow_mode(&mut self) {
        if self.definition.code_address_bit == CodeAddressBit::CompressedMips
            && let Some((place, high, low)) = self.mode_switch
        {
            let mode = self.file.get::<1>(place)[0] & 1;
            self.context.set(high, low, mode.into());
        }
        if self.definition.code_address_bit != CodeAddressBit::Thumb {
            return;
        }
        if let Some(flag) = self.definition.register("t")
            && let Ok(mode) = self.registers.read_narrow(&self.file, self.context, flag)
            && let Some((place, high, low)) = self.mode_switch
        {
            self.file.put::<1>(place, [mode as u8]);
            self.context.set(high, low, mode);
        }
    }
}
