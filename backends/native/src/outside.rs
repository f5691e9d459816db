//! [`Outside`]: what a processor learns that is not in its registers and
//! memory: the time, random numbers, and what processor it is.

use terrella_platforms::RegisterId;

use crate::emulator::NativeEmulator;

/// What a processor learns from outside. The same in each run, unless the
/// harness says otherwise.
#[derive(Debug, Clone, Default)]
pub(crate) struct Outside {
    pub(crate) clock: Clock,
    pub(crate) random: Random,
    /// Answers of CPUID that take the place of the engine's: leaf, subleaf,
    /// and EAX, EBX, ECX, EDX.
    identity: Vec<(u32, u32, [u32; 4])>,
}

impl Outside {
    /// The answer of CPUID that the harness gave.
    pub(crate) fn identity(&self, leaf: u32, subleaf: u32) -> Option<[u32; 4]> {
        let found = self.identity.iter().find(|(known, sub, _)| (*known, *sub) == (leaf, subleaf));
        found.map(|(.., values)| *values)
    }

    pub(crate) fn set_identity(&mut self, leaf: u32, subleaf: u32, values: [u32; 4]) {
        self.identity.retain(|(known, sub, _)| (*known, *sub) != (leaf, subleaf));
        self.identity.push((leaf, subleaf, values));
    }
}

/// A clock that goes with the instructions executed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    /// The time when `executed` is zero.
    pub(crate) start: u64,
    pub(crate) per_instruction: u64,
    /// The instructions of the runs before this one.
    pub(crate) executed: u64,
}

impl Default for Clock {
    fn default() -> Self {
        Self { start: 0, per_instruction: 1, executed: 0 }
    }
}

impl Clock {
    /// The time after so many instructions of this run.
    pub(crate) const fn at(&self, count: u64) -> u64 {
        self.start.wrapping_add(self.executed.wrapping_add(count).wrapping_mul(self.per_instruction))
    }

    /// Sets the time after so many instructions of this run.
    pub(crate) const fn set(&mut self, count: u64, time: u64) {
        self.start = self.start.wrapping_add(time.wrapping_sub(self.at(count)));
    }
}

/// Random numbers that a seed determines: splitmix64 (Steele, Lea, Flood,
/// "Fast splittable pseudorandom number generators", 2014).
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Random {
    pub(crate) state: u64,
}

impl Random {
    pub(crate) const fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut value = self.state;
        value = (value ^ value >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        value = (value ^ value >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        value ^ value >> 31
    }
}

impl NativeEmulator {
    /// The time: by default, the number of instructions executed so far.
    #[must_use]
    pub fn time(&self) -> u64 {
        self.outside.clock.at(self.run.count)
    }

    /// Sets the time that the processor's counters of time show (x86: RDTSC;
    /// RISC-V: `cycle`, `time` and `instret`;
    /// AArch64: `cntvct_el0`; Xtensa: `ccount`, which is its lower half).
    pub fn set_time(&mut self, time: u64) {
        self.outside.clock.set(self.run.count, time);
    }

    /// Sets by how much the time goes on with each instruction: at first 1.
    pub fn set_time_per_instruction(&mut self, ticks: u64) {
        let time = self.time();
        self.outside.clock.per_instruction = ticks;
        self.set_time(time);
    }

    /// Sets where the random numbers of the processor (x86: RDRAND, RDSEED)
    /// begin; they begin with those of the seed 0.
    pub fn set_random_seed(&mut self, seed: u64) {
        self.outside.random = Random { state: seed };
    }

    /// Sets what CPUID answers for a leaf and subleaf: EAX, EBX, ECX and EDX.
    /// For a leaf without subleaves, the subleaf is 0. Without it, CPUID tells
    /// what the engine executes.
    ///
    /// The answer does not change what the engine executes.
    ///
    /// ```
    /// use terrella_emulator_api::{Emulator, EmulatorExt, Permissions, Platform};
    /// use terrella_native::NativeEmulator;
    ///
    /// # fn main() -> Result<(), terrella_emulator_api::Error> {
    /// let mut emulator = NativeEmulator::new(Platform::X86_64)?;
    /// emulator.map_memory(0x1000..0x2000, Permissions::ALL)?;
    /// // cpuid
    /// emulator.write_code(0x1000, &[0x0f, 0xa2])?;
    /// emulator.set_cpuid(7, 0, [0, 0, 0, 1 << 4]);
    /// emulator.write_register("eax", 7_u64)?;
    /// emulator.set_program_counter(0x1000)?;
    /// emulator.step()?;
    /// assert_eq!(emulator.read_register("edx")?, 1 << 4);
    /// # Ok(())
    /// # }
    /// ```
    pub fn set_cpuid(&mut self, leaf: u32, subleaf: u32, registers: [u32; 4]) {
        self.outside.set_identity(leaf, subleaf, registers);
    }

    /// Whether a register is one that shows the lower half of the time
    /// (Xtensa: `ccount`).
    pub(crate) fn is_cycle_count(&self, register: RegisterId) -> bool {
        self.loops.is_some() && self.definition.register("ccount") == Some(register)
    }

    /// Sets the lower half of the time.
    pub(crate) fn set_cycle_count(&mut self, count: u32) {
        self.set_time(self.time() >> 32 << 32 | u64::from(count));
    }

    /// Sets the lower half of the time at the instruction of the operation
    /// under way.
    pub(crate) fn set_cycle_count_at_operation(&mut self, count: u32) {
        let executed = u64::from(self.user_index.saturating_sub(self.run.entered_at)) + self.run.count;
        let time = self.outside.clock.at(executed);
        self.outside.clock.set(executed, time >> 32 << 32 | u64::from(count));
    }

    /// The time at the instruction of the operation under way.
    pub(crate) fn time_at_operation(&self) -> u64 {
        let index = self.user_index.saturating_sub(self.run.entered_at);
        self.outside.clock.at(self.run.count + u64::from(index))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_was_set_goes_on_from_there() {
        let mut clock = Clock { per_instruction: 3, ..Clock::default() };
        assert_eq!(clock.at(5), 15);
        clock.set(5, 1000);
        assert_eq!([clock.at(5), clock.at(7)], [1000, 1006]);
        clock.per_instruction = 0;
        clock.set(7, u64::MAX);
        assert_eq!(clock.at(100), u64::MAX);
    }

    /// The first numbers of the seed 1234567, as the reference
    /// implementation in C gives them (S. Vigna, `splitmix64.c`).
    #[test]
    fn random_numbers_are_those_of_splitmix64() {
        let mut random = Random { state: 1_234_567 };
        assert_eq!(random.next(), 6_457_827_717_110_365_317);
        assert_eq!(random.next(), 3_203_168_211_198_807_973);
    }

    #[test]
    fn the_last_identity_counts() {
        let mut outside = Outside::default();
        outside.set_identity(7, 0, [1; 4]);
        outside.set_identity(7, 0, [2; 4]);
        assert_eq!(outside.identity(7, 0), Some([2; 4]));
        assert_eq!(outside.identity(7, 1), None);
    }
}
