//! Arm's tables of how functions find their callers: `.ARM.exidx` and
//! `.ARM.extab` ("Exception Handling ABI for the Arm Architecture", IHI 0038,
//! sections 6, 7 and 10).

use terrella_platforms::ByteOrder;

use crate::debug::Caller;

/// A function that nothing can be unwound through.
const CANNOT_UNWIND: u32 = 1;
/// The highest bit: what follows is compact, not the address of something.
const COMPACT: u32 = 1 << 31;
/// The stack pointer, the link register and the program counter.
const SP: usize = 13;
const LR: usize = 14;
const PC: usize = 15;

/// A section, and where it is.
struct Section {
    address: u64,
    words: Vec<u32>,
}

impl Section {
    fn new(address: u64, bytes: &[u8], order: ByteOrder) -> Self {
        let words = bytes.chunks_exact(4).map(|word| order.read(word) as u32).collect();
        Self { address, words }
    }

    fn word(&self, address: u64) -> Option<u32> {
        let offset = address.checked_sub(self.address)?;
        self.words.get(usize::try_from(offset / 4).ok()?).copied().filter(|_| offset % 4 == 0)
    }
}

/// What `prel31` points to from a place (IHI 0044, 5.6.1.6).
fn relative(place: u64, word: u32) -> u64 {
    let distance = i64::from((word << 1) as i32 >> 1);
    place.wrapping_add_signed(distance) & 0xffff_ffff
}

/// The tables of a file.
pub(crate) struct ExceptionTables {
    index: Section,
    tables: Vec<Section>,
}

impl ExceptionTables {
    /// Of the index, and of all sections that it may point into.
    pub(crate) fn new<'a>(
        index: (u64, &'a [u8]),
        tables: impl Iterator<Item = (u64, &'a [u8])>,
        order: ByteOrder,
    ) -> Option<Self> {
        let index = Section::new(index.0, index.1, order);
        let tables = tables.map(|(address, bytes)| Section::new(address, bytes, order)).collect();
        (index.words.len() >= 2).then_some(Self { index, tables })
    }

    /// The entry of the function at an address: where its second word is, and
    /// that word. The entries are sorted (IHI 0038, 6).
    fn entry(&self, address: u64) -> Option<(u64, u32)> {
        let place = |index: usize| self.index.address.wrapping_add(8 * index as u64);
        let function = |index: usize| relative(place(index), self.index.words[2 * index]);
        let (mut low, mut high) = (0, self.index.words.len() / 2);
        while low < high {
            let middle = low.midpoint(high);
            if function(middle) <= address {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        let found = low.checked_sub(1)?;
        Some((place(found).wrapping_add(4), self.index.words[2 * found + 1]))
    }

    /// The bytes of the instructions of a function.
    fn instructions(&self, address: u64) -> Option<Vec<u8>> {
        let (place, word) = self.entry(address)?;
        if word == CANNOT_UNWIND {
            return None;
        }
        if word & COMPACT != 0 {
            // Only the first personality routine fits there.
            return (word >> 24 & 15 == 0).then(|| word.to_be_bytes()[1..].to_vec());
        }
        let table = relative(place, word);
        let section = self.tables.iter().find(|section| section.word(table).is_some())?;
        let first = section.word(table)?;
        // A routine of the program's: GCC's have the same behind its address.
        let (first, table, compact) = match first & COMPACT {
            0 => (section.word(table + 4)?, table + 4, false),
            _ => (first, table, true),
        };
        let (skip, more) = match (compact, first >> 24 & 15) {
            (false, _) => (1, first >> 24),
            (true, 0) => (1, 0),
            (true, 1 | 2) => (2, first >> 16 & 0xff),
            _ => return None,
        };
        let mut bytes = first.to_be_bytes()[skip..].to_vec();
        for index in 1..=u64::from(more) {
            bytes.extend(section.word(table + 4 * index)?.to_be_bytes());
        }
        Some(bytes)
    }

    /// The state of the caller of the function at an address, behind its
    /// prologue; `None` where the tables do not tell.
    pub(crate) fn caller(
        &self,
        address: u64,
        register: &dyn Fn(u16) -> Option<u64>,
        memory: &dyn Fn(u64, usize) -> Option<u64>,
    ) -> Option<Caller> {
        let instructions = self.instructions(address)?;
        let mut state = State { stack: register(SP as u16)?, popped: [None; 16], register, memory };
        state.run(&instructions)?;
        let frame = state.stack;
        let mut registers: Vec<(u16, Option<u64>)> = (0_u16..)
            .zip(state.popped)
            .filter(|(number, value)| value.is_some() && usize::from(*number) != SP)
            .collect();
        registers.push((SP as u16, Some(frame)));
        let return_address = state.popped[PC].or_else(|| state.value(LR));
        Some(Caller { frame, return_address, registers, is_signal_frame: false })
    }
}

struct State<'a> {
    stack: u64,
    popped: [Option<u64>; 16],
    register: &'a dyn Fn(u16) -> Option<u64>,
    memory: &'a dyn Fn(u64, usize) -> Option<u64>,
}

impl State<'_> {
    fn value(&self, number: usize) -> Option<u64> {
        self.popped[number].or_else(|| (self.register)(number as u16))
    }

    fn raise(&mut self, bytes: u64) {
        self.stack = self.stack.wrapping_add(bytes) & 0xffff_ffff;
    }

    /// Takes the registers of a mask from the stack, the lowest first.
    fn pop(&mut self, mask: u32) -> Option<()> {
        let mut own_stack = None;
        for number in (0..16).filter(|number| mask >> number & 1 == 1) {
            let value = (self.memory)(self.stack, 4)?;
            self.raise(4);
            if number == SP {
                own_stack = Some(value);
            } else {
                self.popped[number] = Some(value);
            }
        }
        if let Some(value) = own_stack {
            self.stack = value;
        }
        Some(())
    }

    /// The instructions of IHI 0038, table 4.
    fn run(&mut self, instructions: &[u8]) -> Option<()> {
        let mut bytes = instructions.iter().copied();
        while let Some(byte) = bytes.next() {
            let low = u32::from(byte & 15);
            let three = u64::from(byte & 7);
            match byte {
                0x00..=0x3f => self.raise((u64::from(byte) << 2) + 4),
                0x40..=0x7f => self.raise(((u64::from(byte & 0x3f) << 2) + 4).wrapping_neg()),
                0x80..=0x8f => {
                    let mask = low << 8 | u32::from(bytes.next()?);
                    // Of no register: it refuses.
                    if mask == 0 {
                        return None;
                    }
                    self.pop(mask << 4)?;
                }
                0x9d | 0x9f => return None,
                0x90..=0x9e => self.stack = self.value(low as usize)?,
                0xa0..=0xaf => {
                    let mask = ((1 << (three + 1)) - 1) << 4;
                    self.pop(mask | if byte >= 0xa8 { 1 << LR } else { 0 })?;
                }
                0xb0 => return Some(()),
                0xb1 => {
                    let mask = bytes.next()?;
                    if mask == 0 || mask > 15 {
                        return None;
                    }
                    self.pop(mask.into())?;
                }
                0xb2 => {
                    let (mut value, mut shift) = (0_u64, 0);
                    loop {
                        let part = bytes.next()?;
                        value |= u64::from(part & 0x7f).checked_shl(shift)?;
                        shift += 7;
                        if part & 0x80 == 0 {
                            break;
                        }
                    }
                    self.raise(value.checked_shl(2)?.wrapping_add(0x204));
                }
                // Numbers as FSTMFDX has them: with a word behind.
                0xb3 => {
                    let count = u64::from(bytes.next()? & 15) + 1;
                    self.raise(8 * count + 4);
                }
                0xb8..=0xbf => self.raise(8 * (three + 1) + 4),
                0xc6 | 0xc8 | 0xc9 => {
                    let count = u64::from(bytes.next()? & 15) + 1;
                    self.raise(8 * count);
                }
                0xc7 => {
                    let mask = bytes.next()?;
                    if mask == 0 || mask > 15 {
                        return None;
                    }
                    self.raise(4 * u64::from(mask.count_ones()));
                }
                0xc0..=0xc5 | 0xd0..=0xd7 => self.raise(8 * (three + 1)),
                _ => return None,
            }
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs instructions with words on the stack at 0x1000, and `r7` and `lr`.
    fn run(instructions: &[u8]) -> Option<(u64, [Option<u64>; 16])> {
        let register = |number: u16| match number {
            7 => Some(0x1010),
            13 => Some(0x1000),
            14 => Some(0xaaaa),
            _ => None,
        };
        let memory = |address: u64, _: usize| Some((address - 0x1000) / 4 + 100);
        let mut state = State { stack: 0x1000, popped: [None; 16], register: &register, memory: &memory };
        state.run(instructions)?;
        Some((state.stack, state.popped))
    }

    /// The examples of IHI 0038, table 4, one by one.
    #[test]
    fn instructions_do_what_the_table_says() {
        assert_eq!(run(&[0x01]).unwrap().0, 0x1008);
        assert_eq!(run(&[0x3f]).unwrap().0, 0x1100);
        assert_eq!(run(&[0x40]).unwrap().0, 0xffc);
        assert_eq!(run(&[0x97]).unwrap().0, 0x1010);
        assert_eq!(run(&[0xb2, 0x04]).unwrap().0, 0x1000 + 0x204 + 16);
        assert_eq!(run(&[0xb2, 0x81, 0x01]).unwrap().0, 0x1000 + 0x204 + (0x81 << 2));
        let (stack, popped) = run(&[0xa9]).unwrap();
        assert_eq!((stack, popped[4], popped[5], popped[14]), (0x100c, Some(100), Some(101), Some(102)));
        let (stack, popped) = run(&[0x84, 0x08]).unwrap();
        assert_eq!((stack, popped[7], popped[14]), (0x1008, Some(100), Some(101)));
        let (stack, popped) = run(&[0xb1, 0x05, 0xb0, 0x3f]).unwrap();
        assert_eq!((stack, popped[0], popped[2]), (0x1008, Some(100), Some(101)));
        assert_eq!(run(&[0xb3, 0x82]).unwrap().0, 0x1000 + 3 * 8 + 4);
        assert_eq!(run(&[0xb9]).unwrap().0, 0x1000 + 2 * 8 + 4);
        assert_eq!(run(&[0xc9, 0x83]).unwrap().0, 0x1000 + 4 * 8);
        assert_eq!(run(&[0xd1]).unwrap().0, 0x1000 + 2 * 8);
        for refused in [&[0x80, 0x00][..], &[0x9d], &[0x9f], &[0xb1, 0x00], &[0xb1, 0x10], &[0xca], &[0x80]] {
            assert!(run(refused).is_none(), "{refused:x?}");
        }
    }

    #[test]
    fn entries_are_found_by_address() {
        // Functions at 0x8000, 0x8010 and 0x8020; the index is at 0x9000.
        let mut words: Vec<u32> = Vec::new();
        let mut entry = |function: u32, second: u32| {
            let place = 0x9000 + 4 * words.len() as u32;
            words.extend([function.wrapping_sub(place) & 0x7fff_ffff, second]);
        };
        entry(0x8000, 0x80a8_b0b0);
        entry(0x8010, CANNOT_UNWIND);
        // The table is behind the index, at 0x9018.
        entry(0x8020, 4);
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        // The second routine, with one word more.
        let table: Vec<u8> = [0x8101_8408_u32, 0x01b0_b0b0].iter().flat_map(|it| it.to_le_bytes()).collect();
        let tables =
            ExceptionTables::new((0x9000, &bytes), [(0x9018, &table[..])].into_iter(), ByteOrder::Little)
                .unwrap();
        assert_eq!(tables.instructions(0x8004).unwrap(), [0xa8, 0xb0, 0xb0]);
        assert!(tables.instructions(0x8014).is_none());
        assert!(tables.instructions(0x7fff).is_none());
        assert_eq!(tables.instructions(0x8020).unwrap(), [0x84, 0x08, 0x01, 0xb0, 0xb0, 0xb0]);
    }
}
