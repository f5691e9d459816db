//! What registers hold in an emulator that was just made.

use terrella_platforms::CodeAddressBit;

use crate::emulator::NativeEmulator;

impl NativeEmulator {
    /// Gives registers the values that are not zero.
    pub(crate) fn reset(&mut self) {
        let target = self.target;
        for (name, value) in target.initial {
            let place = self.processor.language.register(name).and_then(|register| {
                self.layout.place(&register.varnode()).map(|place| (place, register.size))
            });
            if let Some((place, size)) = place {
                self.file.set_integer(place, size as usize, (*value).into());
            }
        }
        for (name, value) in target.platform_initial {
            if let Some(id) = self.definition.register(name) {
                // What a processor lacks needs no value.
                drop(self.registers.write(&mut self.file, &mut self.context, id, (*value).into()));
            }
        }
        if self.definition.code_address_bit == CodeAddressBit::ThumbOnly {
            self.set_mode(1);
        }
        self.follow_code_segment();
        self.follow_endianness();
        self.follow_windows();
        self.follow_loop_end();
    }
}
